/** What this project asks of the Docker engine: the containers that are a cluster's nodes, and images. */
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
	/** Its network is gone, or it was taken off it: started or not, no other node can reach it any more. */
	isCutOff: boolean;
	/** Absent: something else than this project made it. */
	creationId?: string;
}

// The creation id is where /dev/null is mounted in every node: `docker inspect` shows it as soon as the container
// exists, running or not, and nothing but the container's own end removes it.
export const markPrefix = "/kind/nodeport-lab/";

/** Lies in the control plane of a cluster that was made to the end; can be seen while it is stopped, too. */
const finished = "/kind/nodeport-lab.finished";

/** Docker's network that the nodes of all kind clusters are on; kind reads the same variable. */
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

/** The node containers of the kind cluster of that name, or of all, whoever made them, running or not. */
export async function findNodes(name?: string): Promise<NodeContainer[]> {
	const label = name === undefined ? clusterLabel : `${clusterLabel}=${name}`;
	const ids = await docker("ps", "--all", "--quiet", "--filter", `label=${label}`);
	if (ids === "") return [];
	const containers = Containers.parse(JSON.parse(await docker("inspect", ...ids.split("\n"))));
	const existing = (await docker("network", "ls", "--quiet", "--no-trunc")).split("\n");
	return containers.map((container) => {
		// It may have been connected to others, too.
		const network = container.NetworkSettings.Networks[kindNetwork];
		const mark = container.Mounts.find((mount) => mount.Destination.startsWith(markPrefix));
		return {
			name: container.Name.replace(/^\//, ""),
			cluster: container.Config.Labels[clusterLabel] ?? "",
			state: container.State.Status,
			startedAt: container.State.StartedAt,
			address: network?.IPAddress ?? "",
			// A container that was never started has no network's id yet.
			isCutOff: !network || !(network.NetworkID === "" || existing.includes(network.NetworkID)),
			...(mark && { creationId: mark.Destination.slice(markPrefix.length) }),
		};
	});
}

/** Runs a program in a container, a node or a client: its words follow. */
export const execIn = (container: string): string[] => ["docker", "exec", container];

/** Remembers, for as long as the cluster lives, that it was made to the end. */
export async function markFinished(cluster: string): Promise<void> {
	await docker("exec", `${cluster}-control-plane`, "touch", finished);
}

/** Whether the cluster was made to the end: false while it is being made, and after that was interrupted. */
export async function isFinished(cluster: string): Promise<boolean> {
	const { ok, stderr, message } = await attempt("docker", ["cp", `${cluster}-control-plane:${finished}`, "-"]);
	if (!ok && !/no such container|could not find the file/i.test(stderr)) throw new Error(message);
	return ok;
}

/** The image's id on the engine (sha256:…): another build of the same tag has another. */
export async function imageId(image: string): Promise<string> {
	const { ok, stdout, stderr, message } = await attempt("docker", ["image", "inspect", "--format", "{{.Id}}", image]);
	if (ok) return stdout;
	if (!/no such image/i.test(stderr)) throw new Error(message);
	throw new Error(
		`image "${image}" is not on the Docker engine. \`npm start\` makes those that the settings name by default; ` +
			`get another by \`docker pull ${image}\`, or name one that is there: \`pulumi config set\` with echoImage or dnsutilsImage`,
	);
}

/** Pulls an image that the engine does not have, so that what it is to replace is still there where that fails. */
export async function provideImage(image: string): Promise<void> {
	const { ok } = await attempt("docker", ["image", "inspect", image]);
	if (!ok) await run("docker", ["pull", image], { show: true });
}
