/**
 * Creates and deletes clusters. Every operation can be repeated: it completes or removes what an interrupted one left,
 * and changes nothing that belongs to another owner. An owner has one cluster at a time.
 */
import { locked } from "../lib/lock.ts";
import { run } from "../lib/subprocess.ts";
import { docker, ensureImage, findNodes, imageId, type NodeContainer } from "./docker.ts";
import { hasOwnImages, kindConfig } from "./kindConfig.ts";
import { kubeconfigPath, makeKubeconfigFolder, removeKubeconfig } from "./kubeconfigFile.ts";
import { markAdopted, markComplete, readCompletion } from "./marks.ts";
import { removeOutsideClients } from "./outsideContainer.ts";
import { digest, newCreationId, ownerIn, refuseForeign } from "./owner.ts";
import { refuseMismatch } from "./spec/adoptionErrors.ts";
import { ClusterSpec, containerCount, nodeImages } from "./spec/clusterSpec.ts";
import { specChanges } from "./spec/specChanges.ts";

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
	/** What the user loses if the update creates or adopts it; absent if nothing. */
	loss?: string;
}

export interface CreateOptions {
	/** Takes a cluster over that another program created. */
	adopt?: boolean | undefined;
	/** Keeps the nodes if the creation fails. */
	retain?: boolean | undefined;
}

/** @throws if the engine doesn't answer, if the name belongs to another owner, or if it can't be adopted as it is */
export async function plannedCluster(
	spec: ClusterSpec,
	owner: string,
	{ adopt }: CreateOptions = {},
): Promise<PlannedCluster> {
	const nodes = await findNodes(spec.name);
	const shape = shapeOf(spec);
	if (adopt && isUnmanaged(nodes)) {
		refuseMismatch(nodes, spec);
		const replaced = clustersOf(owner, await findNodes());
		const loss = `the cluster ${replaced.join(", ")} is deleted, and everything that you deployed in it is lost: the adopted cluster ${spec.name} replaces it`;
		return { id: newCreationId(shape, owner), isNew: false, ...(replaced.length > 0 && { loss }) };
	}
	refuseForeign("cluster", spec.name, nodes, owner);
	const id = nodes[0]?.creationId;
	const hasShape = id?.startsWith(`${shape}-`);
	if (id && hasShape && isWhole(nodes, spec, id)) return { id, isNew: false };
	const old = nodes.length > 0 ? [spec.name] : clustersOf(owner, await findNodes());
	const why = hasShape ? "is incomplete" : `was created with other settings${await changesOf(old[0], spec)}`;
	const loss = `the cluster ${old.join(", ")} ${why}: it is recreated, and everything that you deployed in it is lost`;
	return { id: newCreationId(shape, owner), isNew: true, ...(old.length > 0 && { loss }) };
}

/** " (workers: 1, now 2)"; empty if an older version created the cluster. */
async function changesOf(cluster: string | undefined, spec: ClusterSpec): Promise<string> {
	const before = cluster === undefined ? undefined : (await readCompletion(cluster))?.spec;
	const changes = before ? specChanges(before, ClusterSpec.parse(spec)) : [];
	return changes.length === 0 ? "" : ` (${changes.join("; ")})`;
}

/** Whether these are all containers of the cluster, created together, on one network. */
const isWhole = (nodes: NodeContainer[], spec: ClusterSpec, id: string): boolean =>
	nodes.length === containerCount(spec) && nodes.every(({ creationId, isCutOff }) => creationId === id && !isCutOff);

/** Whether another program created the cluster, and no owner has adopted it. */
const isUnmanaged = (nodes: NodeContainer[]): boolean =>
	nodes.length > 0 && nodes.every(({ creationId }) => creationId === undefined);

/** Creates a cluster with this spec and id. It replaces any other cluster of the owner, also one with the same id. */
export async function createCluster(spec: ClusterSpec, id: string, options: CreateOptions = {}): Promise<void> {
	await locked(spec.name, async () => {
		if (!(options.adopt && (await isAdopted(spec, id)))) await replace(spec, id, options);
	});
}

/** Creates a cluster with this spec and id, unless it exists. It replaces any other cluster of the owner. */
export async function updateCluster(spec: ClusterSpec, id: string, options: CreateOptions = {}): Promise<void> {
	await locked(spec.name, async () => {
		const [nodes, completion] = await Promise.all([findNodes(spec.name), readCompletion(spec.name)]);
		if (isWhole(nodes, spec, id) && completion) return;
		if (!(options.adopt && (await isAdopted(spec, id)))) await replace(spec, id, options);
	});
}

/** Adopts a cluster that another program created. @returns whether the cluster exists with this id */
async function isAdopted(spec: ClusterSpec, id: string): Promise<boolean> {
	const nodes = await findNodes(spec.name);
	if (!isUnmanaged(nodes)) return isWhole(nodes, spec, id);
	refuseMismatch(nodes, spec);
	await docker("start", `${spec.name}-control-plane`);
	// In this order: an owner's cluster that isn't complete is replaced.
	await markComplete(spec, 0);
	await markAdopted(spec.name, id);
	await removeOwned(ownerIn(id), spec.name);
	return true;
}

async function replace(spec: ClusterSpec, id: string, { retain = false }: CreateOptions): Promise<void> {
	const { name } = spec;
	const owner = ownerIn(id);
	const nodes = await findNodes(name);
	refuseForeign("cluster", name, nodes, owner);
	// First, so that the old cluster stays if the new one's image doesn't exist.
	for (const image of new Set(nodeImages(spec))) await ensureImage(image);
	await removeOwned(owner, name);
	if (nodes.length > 0) await removeCluster(name);
	await makeKubeconfigFolder(name);
	// Without --kubeconfig, kind would change ~/.kube/config.
	const config = ["--config", "-", "--kubeconfig", kubeconfigPath(name), ...(retain ? ["--retain"] : [])];
	const image = hasOwnImages(spec) ? [] : ["--image", spec.nodeImage];
	const started = performance.now();
	const create = run("kind", ["create", "cluster", "--name", name, ...image, ...config], {
		input: kindConfig(spec, id),
		show: true,
	});
	await (retain ? create.catch((error: Error) => reportRetained(name, error)) : create);
	await markComplete(spec, (performance.now() - started) / 1000);
}

function reportRetained(name: string, { message }: Error): never {
	const keep = "the nodes are kept, and the next update replaces them";
	throw new Error(`${message}\n  ${keep}; to collect their logs: kind export logs --name ${name}`);
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
	await load("docker-image", image, cluster, nodes);
}

/** Loads the images of an archive, as `docker save` writes it. */
export const loadArchive = (cluster: string, path: string, nodes: string[]): Promise<void> =>
	load("image-archive", path, cluster, nodes);

async function load(kind: string, what: string, cluster: string, nodes: string[]): Promise<void> {
	const only = nodes.length > 0 ? ["--nodes", nodes.join(",")] : [];
	await run("kind", ["load", kind, what, "--name", cluster, ...only], { show: true });
}
