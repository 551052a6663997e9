/**
 * Makes and breaks the cluster; this folder is the only caller of docker and kind. Every operation can be repeated: it
 * completes, or removes, what an earlier and perhaps interrupted one left, and touches nothing that its owner did not
 * make. An owner has one cluster at a time.
 */

import { locked } from "../lib/lock.ts";
import { run } from "../lib/subprocess.ts";
import { docker, findNodes, imageId, isFinished, markFinished, type NodeContainer, provideImage } from "./docker.ts";
import { ClusterSpec, kindConfig } from "./kindConfig.ts";
import { closeAccess, kubeconfigPath, makeFolder } from "./kubeconfigFile.ts";
import { closeOutside } from "./outsideContainer.ts";
import { digest, newCreationId, ownerIn, refuseStrangers } from "./owner.ts";

const shapeOf = (spec: ClusterSpec): string => digest(JSON.stringify(ClusterSpec.parse(spec)));

/** The cluster that an update ends with. */
export interface PlannedCluster {
	/**
	 * That of the owner's living cluster of this spec, else a new one. In the input of the cluster's command it shows
	 * Pulumi, which cannot read such a resource, that the cluster is gone, incomplete or of another spec.
	 */
	id: string;
	/** It is still to be made: its nodes will be running then. */
	isNew: boolean;
	/** What is lost by that, for the user to know before; absent: nothing. */
	loss?: string;
}

/** @throws where the engine does not answer (that is not "gone"), or where the name is somebody else's */
export async function plannedCluster(spec: ClusterSpec, owner: string): Promise<PlannedCluster> {
	const nodes = await findNodes(spec.name);
	refuseStrangers("cluster", spec.name, nodes, owner);
	const shape = shapeOf(spec);
	const id = nodes[0]?.creationId;
	if (id?.startsWith(`${shape}-`) && isWhole(nodes, spec, id)) return { id, isNew: false };
	const why = id?.startsWith(`${shape}-`) ? "is not whole" : "was made with other settings";
	const going = nodes.length > 0 ? [spec.name] : await clustersOf(owner);
	const loss = `the cluster ${going.join(", ")} ${why}: it is removed and made anew; anything that you deployed in it yourself is lost`;
	return { id: newCreationId(shape, owner), isNew: true, ...(going.length > 0 && { loss }) };
}

/** Whether these are one control plane and all the workers, of one making, that can reach each other. */
const isWhole = (nodes: NodeContainer[], { workers }: ClusterSpec, id: string): boolean =>
	nodes.length === 1 + workers && nodes.every(({ creationId, isCutOff }) => creationId === id && !isCutOff);

/** Makes a cluster of this spec and id, in the place of any other of its owner, also of one that has this very id. */
export async function createCluster(spec: ClusterSpec, id: string): Promise<void> {
	await locked(spec.name, () => replace(spec, id));
}

/** Makes sure that there is a cluster of this spec and id, in the place of any other of its owner. */
export async function updateCluster(spec: ClusterSpec, id: string): Promise<void> {
	await locked(spec.name, async () => {
		const nodes = await findNodes(spec.name);
		if (!isWhole(nodes, spec, id) || !(await isFinished(spec.name))) await replace(spec, id);
	});
}

async function replace(spec: ClusterSpec, id: string): Promise<void> {
	const { name, nodeImage } = spec;
	const owner = ownerIn(id);
	const nodes = await findNodes(name);
	refuseStrangers("cluster", name, nodes, owner);
	await provideImage(nodeImage);
	await removeOwned(owner, name);
	if (nodes.length > 0) await removeCluster(name);
	// Told where, kind leaves ~/.kube alone.
	const config = ["--config", "-", "--kubeconfig", kubeconfigPath(name)];
	const create = ["create", "cluster", "--name", name, "--image", nodeImage, ...config];
	await makeFolder(name);
	await run("kind", create, { input: kindConfig(spec, id), show: true });
	await markFinished(name);
}

async function removeCluster(name: string): Promise<void> {
	console.error(`removing the cluster ${name}, with all that is in it`);
	await run("kind", ["delete", "cluster", "--name", name, "--kubeconfig", kubeconfigPath(name)], { show: true });
	await closeAccess(name);
}

/** Removes all that the owner made, whatever its name and state, but not the cluster that is named and its client. */
export async function removeOwned(owner: string, except?: string): Promise<void> {
	for (const name of await clustersOf(owner)) if (name !== except) await locked(name, () => removeCluster(name));
	await closeOutside(owner, except);
}

/**
 * Removes the cluster of this id, or what its owner left of another try, with its volumes and its kubeconfig.
 * Succeeds where it is already gone; leaves a stranger's cluster of that name alone and says so.
 */
export async function deleteCluster(name: string, id: string): Promise<void> {
	await locked(name, async () => {
		const nodes = await findNodes(name);
		const ours = nodes.every(({ creationId = "" }) => ownerIn(creationId) === ownerIn(id));
		if (nodes.length > 0 && ours) await removeCluster(name);
		else if (nodes.length > 0) console.error(`cluster ${name} is not the one that this stack made: left alone`);
		await closeAccess(name);
	});
}

/** Names of the clusters that are the owner's: one, unless something was interrupted. */
async function clustersOf(owner: string): Promise<string[]> {
	const own = (await findNodes()).filter(({ creationId }) => creationId && ownerIn(creationId) === owner);
	return [...new Set(own.map(({ cluster }) => cluster))];
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
	await run("kind", ["load", "docker-image", image, "--name", name, ...where], { show: true });
}
