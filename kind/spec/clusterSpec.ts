/** What a cluster is created from. */
import { z } from "zod";
import { type NodeRole, usualRoles } from "../../config/clusterShape.ts";
import { type ClusterSettings, type KindConfig, rolesOf } from "./clusterSettings.ts";
import { ProxyMode } from "./kindApi.ts";

const Node = z.looseObject({ role: z.enum(["control-plane", "worker"]), image: z.string().optional() });

const Publish = z.object({
	hostPort: z.int(),
	nodePort: z.int(),
	/** Absent: TCP. */
	protocols: z
		.array(z.enum(["TCP", "UDP"]))
		.min(1)
		.optional(),
});

/** A change of any of these recreates the cluster. */
export const ClusterSpec = z.object({
	name: z.string(),
	workers: z.int().min(0),
	nodeImage: z.string(),
	kubeProxyMode: ProxyMode,
	/** Publishes the nodePort on 127.0.0.1 of the host. A container's published ports can't change after its creation. */
	publish: Publish.optional(),
	/** kind's configuration, as far as the other fields don't express it. Its fields are in alphabetical order. */
	config: z.looseObject({ nodes: z.array(Node).optional() }).optional(),
});
export type ClusterSpec = z.infer<typeof ClusterSpec>;

/**
 * The spec that these settings need. It doesn't contain what changes in place (labels, taints, images, the registry), and
 * settings that mean the same give the same spec, so that no cluster is recreated without need.
 */
export function specOf(settings: ClusterSettings, nodeImage: string): ClusterSpec {
	const { name, publish, config } = settings;
	const { nodes, networking = {}, ...rest } = config;
	const { kubeProxyMode = "iptables", ...network } = networking;
	const roles = rolesOf(settings);
	const own = nodes && !areUsual(nodes, roles, nodeImage) ? { nodes: shapes(nodes, roles, nodeImage) } : {};
	const full = sorted(withoutEmpty({ ...own, networking: withoutEmpty(network), ...rest })) as ClusterSpec["config"];
	const workers = roles.filter((role) => role === "worker").length;
	return {
		kubeProxyMode,
		name,
		workers,
		nodeImage,
		...(publish && { publish: published(publish) }),
		...(full && Object.keys(full).length > 0 && { config: full }),
	};
}

function published({ hostPort, nodePort, protocols = [] }: z.infer<typeof Publish>): z.infer<typeof Publish> {
	const both = (["TCP", "UDP"] as const).filter((protocol) => protocols.includes(protocol));
	return { hostPort, nodePort, ...(both.includes("UDP") && { protocols: both }) };
}

type Nodes = NonNullable<KindConfig["nodes"]>;

const shapes = (nodes: Nodes, roles: NodeRole[], nodeImage: string) =>
	nodes.map(({ labels: _, taints: __, role: ___, image, ...node }, i) => ({
		role: roles[i],
		...(image !== undefined && image !== nodeImage && { image }),
		...withoutEmpty(node),
	}));

/** Whether these are one control plane and workers without settings of their own. */
const areUsual = (nodes: Nodes, roles: NodeRole[], nodeImage: string): boolean =>
	roles.every((role, i) => role === usualRoles(roles.length - 1)[i]) &&
	shapes(nodes, roles, nodeImage).every((node) => Object.keys(node).length === 1);

/** Without absent fields, and without empty lists and objects, which mean the same. dnsSearch: [] removes all domains. */
const withoutEmpty = (object: Record<string, unknown>): Record<string, unknown> =>
	Object.fromEntries(
		Object.entries(object).filter(
			([key, value]) =>
				value !== undefined &&
				(key === "dnsSearch" || typeof value !== "object" || value === null || Object.keys(value).length > 0),
		),
	);

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(sorted);
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
	return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}

export const specRoles = ({ workers, config }: ClusterSpec): NodeRole[] =>
	config?.nodes?.map(({ role }) => role) ?? usualRoles(workers);

/** The image of each node. */
export const nodeImages = (spec: ClusterSpec): string[] =>
	spec.config?.nodes?.map(({ image }) => image ?? spec.nodeImage) ?? specRoles(spec).map(() => spec.nodeImage);

/** How many containers kind creates: the nodes, and a load balancer in front of several control planes. */
export function containerCount(spec: ClusterSpec): number {
	const roles = specRoles(spec);
	const planes = roles.filter((role) => role === "control-plane").length;
	return roles.length + (planes > 1 ? 1 : 0);
}
