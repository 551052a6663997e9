/** The Docker engine: the containers that are a cluster's nodes, and images. */
import { z } from "zod";
import { attempt, run } from "../lib/subprocess.ts";

export interface NodeContainer {
	name: string;
	cluster: string;
	state: string;
	/** RFC 3339. */
	startedAt: string;
	/** Its IPv4 address on kind's network; empty while it is stopped. */
	address: string;
	/** It isn't on kind's network, or that network was removed: even after a start, no other node can reach it. */
	isCutOff: boolean;
	/** Absent if this project didn't create the container. */
	creationId?: string;
}

// Every node has /dev/null mounted at a path that ends in the creation id. `docker inspect` shows the mount as soon as
// the container exists, even if it is stopped, and nothing can remove it from a container.
export const markPrefix = "/kind/nodeport-lab/";

/** A file in the control plane, which exists once the cluster is complete. It holds how long the creation took. */
const completionMark = "/kind/nodeport-lab.finished";

/** The Docker network of all kind clusters. kind reads the same variable. */
export const kindNetwork = process.env.KIND_EXPERIMENTAL_DOCKER_NETWORK || "kind";

const clusterLabel = "io.x-k8s.kind.cluster";

export const docker = (...args: string[]): Promise<string> => run("docker", args);

const Containers = z.array(
	z.object({
		Name: z.string(),
		State: z.object({ Status: z.string(), StartedAt: z.string() }),
		Config: z.object({ Labels: z.record(z.string(), z.string()) }),
		Mounts: z.array(z.object({ Destination: z.string() })),
		NetworkSettings: z.object({
			Networks: z.record(z.string(), z.object({ NetworkID: z.string(), IPAddress: z.string() })),
		}),
	}),
);

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
	return containers.map((container) => {
		const network = container.NetworkSettings.Networks[kindNetwork];
		const mark = container.Mounts.find((mount) => mount.Destination.startsWith(markPrefix));
		return {
			name: container.Name.replace(/^\//, ""),
			cluster: container.Config.Labels[clusterLabel] ?? "",
			state: container.State.Status,
			startedAt: container.State.StartedAt,
			address: network?.IPAddress ?? "",
			// Before its first start, a container has no NetworkID.
			isCutOff: !network || !(network.NetworkID === "" || existing.includes(network.NetworkID)),
			...(mark && { creationId: mark.Destination.slice(markPrefix.length) }),
		};
	});
}

async function readContainers(label: string): Promise<z.infer<typeof Containers>> {
	const ids = await docker("ps", "--all", "--quiet", "--filter", `label=${label}`);
	if (ids === "") return [];
	const { ok, stdout, stderr, message } = await attempt("docker", ["inspect", ...ids.split("\n")]);
	// A container may be removed between the two commands. Docker prints the others all the same.
	if (!ok && !/no such (object|container)/i.test(stderr)) throw new Error(message);
	return Containers.parse(JSON.parse(stdout));
}

/** The start of a command that runs a program in a container. */
export const execIn = (container: string): string[] => ["docker", "exec", container];

/** Records that the cluster is complete, and how long its creation took. */
export async function markComplete(cluster: string, seconds: number): Promise<void> {
	const write = `echo ${Math.ceil(seconds)} > ${completionMark}`;
	await docker("exec", `${cluster}-control-plane`, "sh", "-c", write);
}

/**
 * How long the cluster's creation took; 0 if an older version created it.
 * @returns undefined if the creation hasn't finished, as while it runs or after it was interrupted
 */
export async function creationSeconds(cluster: string): Promise<number | undefined> {
	// Unlike `docker exec`, this also works while the container is stopped. It prints a tar archive.
	const copy = await attempt("docker", ["cp", `${cluster}-control-plane:${completionMark}`, "-"]);
	if (copy.ok) return Number(/\0(\d+)\n/.exec(copy.stdout)?.[1] ?? 0);
	if (!/no such container|could not find the file/i.test(copy.stderr)) throw new Error(copy.message);
	return undefined;
}

/** The id of the image's content on the engine (sha256:…). It changes when the same tag is built again. */
export async function imageId(image: string): Promise<string> {
	const { ok, stdout, stderr, message } = await attempt("docker", ["image", "inspect", "--format", "{{.Id}}", image]);
	if (ok) return stdout;
	if (!/no such image/i.test(stderr)) throw new Error(message);
	throw new Error(
		`image "${image}" is not on the Docker engine; fix: \`docker pull ${image}\`, or npm start if it is one of the ` +
			"default images, which npm start builds; to use another one: `pulumi config set` with echoImage or dnsutilsImage",
	);
}

/** Pulls an image that the engine doesn't have. */
export async function ensureImage(image: string): Promise<void> {
	const { ok } = await attempt("docker", ["image", "inspect", image]);
	if (!ok) await run("docker", ["pull", image], { show: true });
}
