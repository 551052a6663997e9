/** The arguments of a KindCluster, as its program passes them: checked together, before anything is created. */
import { parse } from "yaml";
import { z } from "zod";
import { NodeRole, namesByRole, usualRoles } from "../../config/clusterShape.ts";
import { nodePorts } from "../../config/nodePorts.ts";
import { image, label, oneOf } from "../../config/settingValues.ts";
import { allowed, type FieldError, fieldErrorLines, fieldErrorsOf } from "../../lib/fieldErrors.ts";
import { UserError } from "../../lib/userError.ts";
import { relationErrors } from "./fieldRelations.ts";
import { between, containerdPatches, KindNode, Networking, patches } from "./kindApi.ts";

const containerName = z
	.string("a container's name")
	.regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/, "a container's name: letters, digits, and - _ . after the first character");

const config = {
	nodes: z.array(KindNode).optional(),
	networking: Networking.optional(),
	featureGates: z.record(z.string(), z.boolean()).optional(),
	runtimeConfig: z.record(z.string(), z.string()).optional(),
	...patches,
	...containerdPatches,
};

/** kind checks the rest of it itself. */
const RawConfig = z.looseObject(
	{
		kind: z.literal("Cluster", "Cluster"),
		apiVersion: z.literal("kind.x-k8s.io/v1alpha4", "kind.x-k8s.io/v1alpha4"),
		nodes: z.array(z.looseObject({ role: NodeRole.optional(), image: image.optional() })).optional(),
		networking: z.looseObject({}).optional(),
	},
	"kind's configuration, as an object or as YAML",
);

const Settings = z.strictObject({
	// A node's name is also its label kubernetes.io/hostname: at most 63 characters, 14 of them for "-control-plane".
	name: label(49),
	workers: between(0, 50).optional(),
	nodeImage: image.optional(),
	publish: z
		.strictObject({
			hostPort: between(1, 65535),
			nodePort: between(nodePorts.first, nodePorts.last),
			protocols: z
				.array(oneOf(["TCP", "UDP"]), "a list of TCP and UDP")
				.min(1, "a list of TCP and UDP")
				.optional(),
		})
		.optional(),
	...config,
	registry: z
		.strictObject({
			name: containerName.default("kind-registry"),
			port: between(1, 65535).default(5001),
			image: image.default("registry:3"),
		})
		.optional(),
	images: z.array(image).optional(),
	imageArchives: z.array(z.string("a path").min(1, "a path")).optional(),
	retain: z.boolean().optional(),
	waitForReady: between(0, 3600).optional(),
	adopt: z.boolean().optional(),
	kindConfig: z.preprocess(parsed, RawConfig).optional(),
});
export type Settings = z.infer<typeof Settings>;

/** kind's configuration, without what differs in the API that sets it: labels and taints are in the nodes. */
export interface KindConfig {
	nodes?: (KindNode & Record<string, unknown>)[];
	networking?: Networking & Record<string, unknown>;
	[field: string]: unknown;
}

/** The checked arguments. What kind's configuration contains is in `config`, no matter how it was given. */
export interface ClusterSettings extends Omit<Settings, keyof typeof config | "kindConfig"> {
	config: KindConfig;
}

/** Invalid YAML is kept, so that the error quotes it. */
function parsed(value: unknown): unknown {
	if (typeof value !== "string") return value;
	try {
		return parse(value);
	} catch {
		return value;
	}
}

/** @throws UserError with all errors at once: the field, its value, what is allowed, the fix */
export function parseSettings(component: string, args: Record<string, unknown>): ClusterSettings {
	const { data, error } = Settings.safeParse(args, { error: allowed });
	const single = (error?.issues ?? []).flatMap((issue) => fieldErrorsOf(issue, args).map(withFix));
	const errors = [...single, ...relationErrors(args)];
	if (!data || errors.length > 0) throw new UserError(messageOf(component, errors));
	return settingsOf(data);
}

const withFix = (error: FieldError): FieldError => ({
	...error,
	fix: error.got === undefined ? `add ${error.field}` : `correct or remove ${error.field}`,
});

function messageOf(component: string, errors: FieldError[]): string {
	const count = errors.length === 1 ? "an error" : `${errors.length} errors`;
	const title = `the arguments of KindCluster "${component}" have ${count}; nothing was created or changed:`;
	return [title, ...fieldErrorLines(errors)].join("\n");
}

function settingsOf({ kindConfig, ...settings }: Settings): ClusterSettings {
	const { name, workers, nodeImage, publish, registry, images, imageArchives, retain, waitForReady, adopt, ...own } =
		settings;
	const { kind: _, apiVersion: __, name: ___, ...raw } = kindConfig ?? { kind: "", apiVersion: "", name: "" };
	const rest = { workers, nodeImage, publish, registry, images, imageArchives, retain, waitForReady, adopt };
	return { name, ...rest, config: { ...own, ...raw } as KindConfig };
}

export const rolesOf = ({ workers = 0, config }: Pick<ClusterSettings, "workers" | "config">): NodeRole[] =>
	config.nodes?.map(({ role }) => role ?? "control-plane") ?? usualRoles(workers);

/** The names of the nodes, in the order of the arguments. */
export const nodeNamesOf = (settings: ClusterSettings): string[] => namesByRole(settings.name, rolesOf(settings));

interface GraphArgs {
	workers?: number;
	nodes?: { role?: NodeRole; labels?: unknown; taints?: unknown }[];
	kindConfig?: unknown;
}

/** What the program's resources depend on, before the arguments are checked. */
export function graphOf(cluster: string, { workers = 0, nodes, kindConfig }: GraphArgs) {
	const raw = (parsed(kindConfig) as { nodes?: GraphArgs["nodes"] } | undefined)?.nodes;
	const listed = [nodes, raw].find(Array.isArray) as GraphArgs["nodes"];
	const roles = listed?.map(({ role = "control-plane" }) => role) ?? usualRoles(workers);
	const names = namesByRole(cluster, roles);
	const ofRole = (wanted: NodeRole) => names.filter((_, i) => roles[i] === wanted);
	const planes = ofRole("control-plane");
	return {
		/** Control planes first. */
		names: [...planes, ...ofRole("worker")],
		/** Where containers on kind's network reach the API server. */
		internalHost: `${cluster}-${planes.length > 1 ? "external-load-balancer" : "control-plane"}`,
		/** Whether a node has labels or taints. */
		hasNodeSettings: listed?.some(({ labels, taints }) => labels !== undefined || taints !== undefined) ?? false,
	};
}
