/**
 * Creates and deletes clusters. Every operation can be repeated: it completes or removes what an interrupted one left,
 * and changes nothing that belongs to another owner. An owner has one cluster at a time.
 */
import { locked } from "../lib/lock.ts";
import { run } from "../lib/subprocess.ts";
import {
	creationSeconds,
	docker,
	ensureImage,
	findNodes,
	imageId,
	markComplete,
	type NodeContainer,
} from "./docker.ts";
import { ClusterSpec, kindConfig } from "./kindConfig.ts";
import { kubeconfigPath, makeKubeconfigFolder, removeKubeconfig } from "./kubeconfigFile.ts";
import { removeOutsideClients } from "./outsideContainer.ts";
import { digest, newCreationId, ownerIn, refuseForeign } from "./owner.ts";

const shapeOf = (spec: ClusterSpec): string => digest(JSON.stringify(ClusterSpec.parse(spec)));

/** The cluster that exists after an update. */
export interface PlannedCluster {
	/**
	 * The creation id of the owner's cluster if it has this spec, else a new id. Pulumi can't read a Command resource:
	 * a new id among its inputs shows that the cluster is gone, incomplete or of another spec.
	 */
	id: string;
	/** The update creates it. */
	isNew: boolean;
	/** What the user loses if the update creates it; absent if nothing. */
	loss?: string;
}

/** @throws if the engine doesn't answer, or if the name belongs to another owner */
export async function plannedCluster(spec: ClusterSpec, owner: string): Promise<PlannedCluster> {
	const nodes = await findNodes(spec.name);
	refuseForeign("cluster", spec.name, nodes, owner);
	const shape = shapeOf(spec);
	const id = nodes[0]?.creationId;
	const hasShape = id?.startsWith(`${shape}-`);
	if (id && hasShape && isWhole(nodes, spec, id)) return { id, isNew: false };
	const old = nodes.length > 0 ? [spec.name] : clustersOf(owner, await findNodes());
	const why = hasShape ? "is incomplete" : "was created with other settings";
	const loss = `the cluster ${old.join(", ")} ${why}: it is recreated, and everything that you deployed in it is lost`;
	return { id: newCreationId(shape, owner), isNew: true, ...(old.length > 0 && { loss }) };
}

/** Whether these are one control plane and all workers, created together, on one network. */
const isWhole = (nodes: NodeContainer[], { workers }: ClusterSpec, id: string): boolean =>
	nodes.length === 1 + workers && nodes.every(({ creationId, isCutOff }) => creationId === id && !isCutOff);

/** Creates a cluster with this spec and id. It replaces any other cluster of the owner, also one with the same id. */
export async function createCluster(spec: ClusterSpec, id: string): Promise<void> {
	await locked(spec.name, () => replace(spec, id));
}

/** Creates a cluster with this spec and id, unless it exists. It replaces any other cluster of the owner. */
export async function updateCluster(spec: ClusterSpec, id: string): Promise<void> {
	await locked(spec.name, async () => {
		const [nodes, seconds] = await Promise.all([findNodes(spec.name), creationSeconds(spec.name)]);
		if (!isWhole(nodes, spec, id) || seconds === undefined) await replace(spec, id);
	});
}

async function replace(spec: ClusterSpec, id: string): Promise<void> {
	const { name, nodeImage } = spec;
	const owner = ownerIn(id);
	const nodes = await findNodes(name);
	refuseForeign("cluster", name, nodes, owner);
	// First, so that the old cluster stays if the new one's image doesn't exist.
	await ensureImage(nodeImage);
	await removeOwned(owner, name);
	if (nodes.length > 0) await removeCluster(name);
	await makeKubeconfigFolder(name);
	// Without --kubeconfig, kind would change ~/.kube/config.
	const config = ["--config", "-", "--kubeconfig", kubeconfigPath(name)];
	const create = ["create", "cluster", "--name", name, "--image", nodeImage, ...config];
	const started = performance.now();
	await run("kind", create, { input: kindConfig(spec, id), show: true });
	await markComplete(name, (performance.now() - started) / 1000);
}

async function removeCluster(name: string): Promise<void> {
	console.error(`removing the cluster ${name} and everything in it`);
	await run("kind", ["delete", "cluster", "--name", name, "--kubeconfig", kubeconfigPath(name)], { show: true });
	await removeKubeconfig(name);
}

/** Removes the owner's clusters and outside clients, no matter how they are named, except one cluster and its client. */
export async function removeOwned(owner: string, except?: string): Promise<void> {
	const removeClusters = async () => {
		for (const name of clustersOf(owner, await findNodes()))
			if (name !== except) await locked(name, () => removeCluster(name));
	};
	await Promise.all([removeClusters(), removeOutsideClients(owner, except)]);
}

/**
 * Removes the cluster with this id, or what an earlier attempt of the same owner left, with its volumes, kubeconfig and
 * outside client. Reports and keeps a cluster of that name that belongs to another owner.
 */
export async function deleteCluster(name: string, id: string): Promise<void> {
	const owner = ownerIn(id);
	const removeOwnCluster = async () => {
		const nodes = await findNodes(name);
		const isOwn = nodes.every(({ creationId = "" }) => ownerIn(creationId) === owner);
		if (nodes.length > 0 && isOwn) await removeCluster(name);
		else if (nodes.length > 0) console.error(`keeping the cluster ${name}: it belongs to another clone or stack`);
		await removeKubeconfig(name);
	};
	await locked(name, async () => {
		await Promise.all([removeOwnCluster(), removeOutsideClients(owner)]);
	});
}

/** Names of the owner's clusters: at most one, unless something was interrupted. */
function clustersOf(owner: string, nodes: NodeContainer[]): string[] {
	const own = nodes.filter(({ creationId }) => creationId && ownerIn(creationId) === owner);
	return [...new Set(own.map(({ cluster }) => cluster))];
}

/** Stops a node immediately, as a power failure does. */
export async function stopNode(name: string): Promise<void> {
	await docker("stop", "--time=0", name);
}

/** Starts a node. It becomes Ready later. */
export async function startNode(name: string): Promise<void> {
	await docker("start", name);
}

/** Runs a program on a node. @returns its stdout @throws if it fails */
export const runOnNode = (name: string, program: readonly string[]): Promise<string> =>
	docker("exec", name, ...program);

/** Loads an image from the engine into the named nodes; into all nodes if the list is empty. */
export async function loadImage(cluster: string, image: string, nodes: string[]): Promise<void> {
	await imageId(image);
	const only = nodes.length > 0 ? ["--nodes", nodes.join(",")] : [];
	await run("kind", ["load", "docker-image", image, "--name", cluster, ...only], { show: true });
}
