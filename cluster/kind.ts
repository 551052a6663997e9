/**
 * Makes and breaks the cluster; this folder is the only caller of docker and kind. Every operation can be repeated: it
 * completes, or removes, what an earlier and perhaps interrupted one left, and touches nothing that this project did
 * not make.
 */
import { createHash, randomBytes } from "node:crypto";
import { realpath } from "node:fs/promises";
import { execa } from "execa";
import { stringify } from "yaml";
import { z } from "zod";
import { closeAccess, kubeconfigPath, startNodes } from "./access.ts";
import { docker, findNodes, imageId, markPrefix, type NodeContainer } from "./docker.ts";
import { locked } from "./lock.ts";

/** What shapes a cluster: a change of any of these is another cluster. */
export const ClusterSpec = z.object({
	name: z.string(),
	workers: z.int().min(1),
	nodeImage: z.string(),
	kubeProxyMode: z.enum(["iptables", "nftables"]),
	/** Publishes the nodePort on 127.0.0.1 of the host; ports of a container cannot change once it is made. */
	publish: z.object({ hostPort: z.int(), nodePort: z.int() }).optional(),
});
export type ClusterSpec = z.infer<typeof ClusterSpec>;

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 8);
const fingerprint = (spec: ClusterSpec): string => digest(JSON.stringify(ClusterSpec.parse(spec)));
const owner = async (): Promise<string> => digest(await realpath(process.cwd()));
const newId = async (spec: ClusterSpec): Promise<string> =>
	`${fingerprint(spec)}-${await owner()}-${randomBytes(4).toString("hex")}`;

/** Node names in kind's own order and spelling: worker, worker2, worker3. */
export const nodeNames = (name: string, workers: number): string[] => [
	`${name}-control-plane`,
	...Array.from({ length: workers }, (_, i) => `${name}-worker${i === 0 ? "" : i + 1}`),
];

function refuseForeign(name: string, nodes: NodeContainer[]): void {
	if (nodes.every((node) => node.creationId !== undefined)) return;
	throw new Error(
		`a kind cluster named "${name}" exists that this project did not make. ` +
			`Choose another name (pulumi config set clusterName …) or remove it (kind delete cluster --name ${name})`,
	);
}

/**
 * The id of the living cluster of this spec, else a new one. As the trigger of the cluster's command it shows Pulumi,
 * which cannot read such a resource, that the cluster is gone, incomplete or of another spec.
 * Throws where the engine does not answer (that is not "gone"), or where the name is somebody else's.
 */
export async function clusterId(spec: ClusterSpec): Promise<string> {
	const nodes = await findNodes(spec.name);
	refuseForeign(spec.name, nodes);
	const expected = nodeNames(spec.name, spec.workers);
	const id = nodes[0]?.creationId;
	const whole = nodes.length === expected.length && nodes.every((node) => node.creationId === id);
	return whole && id?.startsWith(fingerprint(spec)) ? id : newId(spec);
}

const kind = (args: string[], input?: string) =>
	execa("kind", args, { stdout: ["pipe", process.stderr], stderr: ["pipe", "inherit"], ...(input && { input }) });

const kindConfig = (spec: ClusterSpec, id: string): string => {
	const extraMounts = [{ hostPath: "/dev/null", containerPath: markPrefix + id, readOnly: true }];
	const published = spec.publish && {
		extraPortMappings: [
			{ containerPort: spec.publish.nodePort, hostPort: spec.publish.hostPort, listenAddress: "127.0.0.1" },
		],
	};
	return stringify({
		kind: "Cluster",
		apiVersion: "kind.x-k8s.io/v1alpha4",
		networking: { kubeProxyMode: spec.kubeProxyMode },
		nodes: [
			{ role: "control-plane", extraMounts, ...published },
			...Array.from({ length: spec.workers }, () => ({ role: "worker", extraMounts })),
		],
		kubeadmConfigPatches: [
			// A kubelet from 1.35 on refuses to start on cgroup v1 unless told otherwise.
			stringify({ kind: "KubeletConfiguration", failCgroupV1: false }),
			// Its own throttle makes the controller manager, and so `kubeadm join`, wait for 5 s.
			stringify({
				kind: "ClusterConfiguration",
				controllerManager: {
					extraArgs: [
						{ name: "kube-api-qps", value: "200" },
						{ name: "kube-api-burst", value: "400" },
					],
				},
			}),
		],
	});
};

async function removeCluster(name: string): Promise<void> {
	await kind(["delete", "cluster", "--name", name, "--kubeconfig", kubeconfigPath(name)]);
}

/** Makes the cluster of this spec and id, unless it is there, in the place of any other that this clone made. */
export async function createCluster(spec: ClusterSpec, id: string): Promise<void> {
	await locked(spec.name, async () => {
		const nodes = await findNodes(spec.name);
		refuseForeign(spec.name, nodes);
		const stranger = nodes.find((node) => node.creationId?.split("-")[1] !== id.split("-")[1]);
		if (stranger || (nodes.length > 0 && id.split("-")[1] !== (await owner()))) {
			throw new Error(
				`the lab cluster "${spec.name}" belongs to another clone of this project. Choose another name ` +
					`(pulumi config set clusterName …), destroy it there (npm run destroy), or remove it ` +
					`(kind delete cluster --name ${spec.name})`,
			);
		}
		if (nodes.length > 0) {
			const same = nodes.length === spec.workers + 1 && nodes.every((node) => node.creationId === id);
			if (same && (await joined(spec))) return;
			console.error(`removing the cluster ${spec.name} that this one takes the place of`);
			await removeCluster(spec.name);
		}
		// Told where, kind leaves ~/.kube alone.
		const config = ["--config", "-", "--kubeconfig", kubeconfigPath(spec.name)];
		await kind(["create", "cluster", "--name", spec.name, "--image", spec.nodeImage, ...config], kindConfig(spec, id));
	});
}

/** Whether every node has joined, asked of the control plane itself: true only of a cluster that was made to the end. */
async function joined(spec: ClusterSpec): Promise<boolean> {
	await startNodes(spec.name);
	const asked = await execa(
		"docker",
		[
			...["exec", `${spec.name}-control-plane`, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "get", "nodes"],
			...["--output=name", "--request-timeout=60s"],
		],
		{ reject: false },
	);
	return !asked.failed && asked.stdout.split("\n").length === spec.workers + 1;
}

/**
 * Removes the cluster of this id, or what this clone left of another try, with its volumes and its kubeconfig.
 * Succeeds where it is already gone; leaves a stranger's cluster of that name alone and says so.
 */
export async function deleteCluster(name: string, id: string): Promise<void> {
	await locked(name, async () => {
		const nodes = await findNodes(name);
		const own = await owner();
		const ours = nodes.every((node) => node.creationId === id || node.creationId?.split("-")[1] === own);
		if (nodes.length > 0 && ours) await removeCluster(name);
		else if (nodes.length > 0) console.error(`cluster ${name} is not the one that this stack made: left alone`);
		await closeAccess(name);
	});
}

/** Stops a node at once, as a power cut does. */
export async function stopNode(name: string): Promise<void> {
	await docker("stop", "--time=0", name);
}

/** Starts a node again; it takes a while to be Ready. */
export async function startNode(name: string): Promise<void> {
	await docker("start", name);
}

/** Loads an image of the engine into the named nodes; none named: into all. */
export async function loadImage(name: string, image: string, nodes: string[]): Promise<void> {
	await imageId(image);
	const where = nodes.length > 0 ? ["--nodes", nodes.join(",")] : [];
	await kind(["load", "docker-image", image, "--name", name, ...where]);
}
