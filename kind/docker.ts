/** The Docker engine: the containers that are a cluster's nodes, and images. */
import { z } from "zod";
import { isPackaged } from "../lib/programs/packaged.ts";
import { attempt, run } from "../lib/subprocess.ts";
import { adoptedId } from "./marks.ts";

export interface NodeContainer {
	name: string;
	cluster: string;
	state: string;
	/** RFC 3339. */
	startedAt: string;
	/** Its addresses on kind's network, IPv4 first; empty while it is stopped. */
	addresses: string[];
	/** It isn't on kind's network, or that network was removed: even after a start, no other node can reach it. */
	isCutOff: boolean;
	/** Absent if this project neither created nor adopted the cluster. */
	creationId?: string;
	/** The reference that it was created from. */
	image?: string;
	/** It isn't a node: kind puts it in front of several control planes. */
	isLoadBalancer?: true;
}

// Every node has /dev/null mounted at a path that ends in the creation id. `docker inspect` shows the mount as soon as
// the container exists, even if it is stopped, and nothing can remove it from a container.
export const markPrefix = "/kind/nodeport-lab/";

/** The Docker network of all kind clusters. kind reads the same variable. */
export const kindNetwork = process.env.KIND_EXPERIMENTAL_DOCKER_NETWORK || "kind";

const clusterLabel = "io.x-k8s.kind.cluster";
const roleLabel = "io.x-k8s.kind.role";

export const docker = (...args: string[]): Promise<string> => run("docker", args);

const Containers = z.array(
	z.object({
		Name: z.string(),
		State: z.object({ Status: z.string(), StartedAt: z.string() }),
		Config: z.object({ Labels: z.record(z.string(), z.string()), Image: z.string().optional() }),
		Mounts: z.array(z.object({ Destination: z.string() })),
		NetworkSettings: z.object({
			Networks: z.record(
				z.string(),
				z.object({ NetworkID: z.string(), IPAddress: z.string(), GlobalIPv6Address: z.string().default("") }),
			),
		}),
	}),
);

type Container = z.infer<typeof Containers>[number];

const underWay = new Map<string, Promise<NodeContainer[]>>();

/**
 * The node containers of one kind cluster, or of all, no matter who created them and in which state they are.
 * Callers that ask at the same time share the answer.
 */
export function findNodes(cluster?: string): Promise<NodeContainer[]> {
	const label = cluster === undefined ? clusterLabel : `${clusterLabel}=${cluster}`;
	const nodes = underWay.get(label) ?? readNodes(label).finally(() => underWay.delete(label));
	underWay.set(label, nodes);
	return nodes;
}

async function readNodes(label: string): Promise<NodeContainer[]> {
	const [containers, networks] = await Promise.all([
		readContainers(label),
		docker("network", "ls", "--quiet", "--no-trunc"),
	]);
	const existing = networks.split("\n");
	const nodes = containers.map((container) => nodeOf(container, existing));
	const ids = await clusterIds(nodes);
	return nodes.map((node) => {
		const creationId = node.creationId ?? ids.get(node.cluster);
		return { ...node, ...(creationId !== undefined && { creationId }) };
	});
}

function nodeOf({ Name, State, Config, Mounts, NetworkSettings }: Container, networks: string[]): NodeContainer {
	const network = NetworkSettings.Networks[kindNetwork];
	const mark = Mounts.find((mount) => mount.Destination.startsWith(markPrefix));
	return {
		name: Name.replace(/^\//, ""),
		cluster: Config.Labels[clusterLabel] ?? "",
		state: State.Status,
		startedAt: State.StartedAt,
		addresses: [network?.IPAddress ?? "", network?.GlobalIPv6Address ?? ""].filter((address) => address !== ""),
		// Before its first start, a container has no NetworkID.
		isCutOff: !network || !(network.NetworkID === "" || networks.includes(network.NetworkID)),
		...(mark && { creationId: mark.Destination.slice(markPrefix.length) }),
		...(Config.Image && { image: Config.Image }),
		...(Config.Labels[roleLabel] === "external-load-balancer" && { isLoadBalancer: true }),
	};
}

/**
 * The ids of clusters with containers that have none themselves: a load balancer belongs to the nodes next to it, and an
 * adopted cluster has its id in a file.
 */
async function clusterIds(nodes: NodeContainer[]): Promise<Map<string, string | undefined>> {
	const unmarked = new Set(nodes.flatMap(({ creationId, cluster }) => (creationId === undefined ? cluster : [])));
	const entries = [...unmarked].map(async (cluster) => {
		const own = nodes.filter((node) => node.cluster === cluster && !node.isLoadBalancer);
		const isMarked = own.some(({ creationId }) => creationId !== undefined);
		// Nodes without the mark of the others aren't this project's.
		const foreign = isMarked && own.some(({ creationId }) => creationId === undefined);
		return [cluster, isMarked ? (foreign ? undefined : own[0]?.creationId) : await adoptedId(cluster)] as const;
	});
	return new Map(await Promise.all(entries));
}

async function readContainers(label: string): Promise<Container[]> {
	const ids = await docker("ps", "--all", "--quiet", "--filter", `label=${label}`);
	if (ids === "") return [];
	const { ok, stdout, stderr, message } = await attempt("docker", ["inspect", ...ids.split("\n")]);
	// A container may be removed between the two commands. Docker prints the others all the same.
	if (!ok && !/no such (object|container)/i.test(stderr)) throw new Error(message);
	return Containers.parse(JSON.parse(stdout));
}

/** The start of a command that runs a program in a container. */
export const execIn = (container: string): string[] => ["docker", "exec", container];

/** The id of the image's content on the engine (sha256:…). It changes when the same tag is built again. */
export async function imageId(image: string): Promise<string> {
	const { ok, stdout, stderr, message } = await attempt("docker", ["image", "inspect", "--format", "{{.Id}}", image]);
	if (ok) return stdout;
	if (!/no such image/i.test(stderr)) throw new Error(message);
	const lab =
		", or npm start if it is one of the default images, which npm start builds; to use another one: " +
		"`pulumi config set` with echoImage or dnsutilsImage";
	throw new Error(
		`image "${image}" is not on the Docker engine; fix: \`docker pull ${image}\`${isPackaged ? ", or build it" : lab}`,
	);
}

/** Pulls an image that the engine doesn't have. */
export async function ensureImage(image: string): Promise<void> {
	if (!(await hasImage(image))) await run("docker", ["pull", image], { show: true });
}

export const hasImage = async (image: string): Promise<boolean> =>
	(await attempt("docker", ["image", "inspect", image])).ok;
