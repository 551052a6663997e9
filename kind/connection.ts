/** The connection to a cluster that exists: its nodes run and report, and the kubeconfig leads to them. */
import { locked } from "../lib/lock.ts";
import { docker, findNodes, type NodeContainer } from "./docker.ts";
import { kubeconfigPath, newKubeconfigId, recordedKubeconfigId, writeKubeconfig } from "./kubeconfigFile.ts";
import { type Completion, readCompletion } from "./marks.ts";
import { missingHeartbeat, type NodeStatuses, readNodeStatuses } from "./nodeStatus.ts";
import { waitForNodes } from "./nodeWait.ts";
import { refuseForeign } from "./owner.ts";

interface Connection {
	nodes: NodeContainer[];
	/** What the API server knows, if all nodes run and there is a kubeconfig. */
	statuses: NodeStatuses | undefined;
	/** The id in the kubeconfig. */
	recordedId: string | undefined;
}

async function readConnection(cluster: string): Promise<Connection> {
	const recordedId = await recordedKubeconfigId(cluster);
	const irrelevant = new AbortController();
	const reading = recordedId === undefined ? undefined : readNodeStatuses(kubeconfigPath(cluster), irrelevant.signal);
	const [nodes, statuses] = await Promise.all([
		findNodes(cluster).then((nodes) => {
			if (!allRun(nodes)) irrelevant.abort(); // A paused API server would take 5 s to fail.
			return nodes;
		}),
		reading,
	]);
	return { nodes, statuses, recordedId };
}

const allRun = (nodes: NodeContainer[]): boolean => nodes.length > 0 && nodes.every(({ state }) => state === "running");

/** Without kind's load balancer, which the API server doesn't know. */
const kubernetesNodes = (nodes: NodeContainer[]): NodeContainer[] =>
	nodes.filter(({ isLoadBalancer }) => !isLoadBalancer);

const isUp = ({ nodes, statuses }: Connection): boolean =>
	allRun(nodes) &&
	statuses !== undefined &&
	kubernetesNodes(nodes).every(
		(node) => !missingHeartbeat(statuses.byName.get(node.name), node, new Date(node.startedAt)),
	);

/**
 * The id of the kubeconfig while the cluster is up, else a new id. With a new id, Pulumi runs `connect` again, which
 * repairs stopped or starting nodes, changed addresses and a lost kubeconfig.
 */
export async function kubeconfigId(cluster: string): Promise<string> {
	const connection = await readConnection(cluster);
	return (isUp(connection) ? connection.recordedId : undefined) ?? newKubeconfigId();
}

export interface ReadyWait {
	/** How long to wait; 0: not until the nodes are Ready. @default 180, or 4 times what the creation took */
	seconds?: number | undefined;
}

/**
 * Starts the stopped nodes, waits until each is Ready with an InternalIP and a podCIDR, and writes the kubeconfig (0600).
 * @returns the kubeconfig's text
 */
export const connect = (cluster: string, id: string, wait?: ReadyWait): Promise<string> =>
	locked(cluster, async () => connectTo(cluster, id, await findNodes(cluster), wait));

async function connectTo(cluster: string, id: string, found: NodeContainer[], wait?: ReadyWait): Promise<string> {
	const since = await startStopped(found);
	// A node may have another address after its start.
	const [all, completion] = await Promise.all([findNodes(cluster), readCompletion(cluster)]);
	// Only nodes that have a container: the update recreates the cluster if one is missing.
	const nodes = kubernetesNodes(all);
	return writeKubeconfig(cluster, id, (kubeconfig) =>
		waitForNodes({ nodes, since, kubeconfig, creationSeconds: completion?.seconds, seconds: wait?.seconds }),
	);
}

/** @returns since when every kubelet has been running */
async function startStopped(nodes: NodeContainer[]): Promise<Date> {
	const stopped = nodes.filter(({ state }) => state !== "running");
	if (stopped.length === 0) return new Date(Math.max(...nodes.map(({ startedAt }) => Date.parse(startedAt))));
	const started = new Date();
	for (const { name, state } of stopped) {
		console.error(`node ${name} is ${state}: ${state === "paused" ? "unpausing" : "starting"} it`);
		await docker(state === "paused" ? "unpause" : "start", name);
	}
	return started;
}

/**
 * Starts the stopped nodes of the owner's cluster and waits until it is up, because a refresh would treat everything in
 * an unreachable cluster as deleted. Reports a cluster that the update will recreate.
 * @returns whether the cluster is up
 * @throws if the cluster belongs to another owner
 */
export const startCluster = (cluster: string, owner: string): Promise<boolean> =>
	locked(cluster, async () => {
		const [connection, completion] = await Promise.all([readConnection(cluster), readCompletion(cluster)]);
		const { nodes, recordedId } = connection;
		refuseForeign("cluster", cluster, nodes, owner);
		const damage = damageOf(cluster, nodes, completion);
		const wasThere = nodes.length > 0 || recordedId !== undefined;
		if (damage && wasThere) console.error(`the cluster ${cluster} ${damage}: the update recreates it`);
		if (damage) return false;
		const current = isUp(connection) ? connection.statuses : undefined;
		if (!current) await connectTo(cluster, recordedId ?? newKubeconfigId(), nodes);
		const { byName } = current ?? (await readNodeStatuses(kubeconfigPath(cluster)));
		const lost = [...byName.keys()].filter((name) => !nodes.some((node) => node.name === name));
		if (lost.length > 0)
			console.error(`the cluster ${cluster} has lost the container of ${lost.join(", ")}: the update recreates it`);
		return true;
	});

/** Why the cluster can't be started. kind can only create all of its nodes together. */
function damageOf(cluster: string, nodes: NodeContainer[], completion: Completion | undefined): string | undefined {
	if (nodes.length === 0) return "no longer exists, as after `kind delete cluster`";
	const cutOff = nodes.flatMap((node) => (node.isCutOff ? node.name : [])).sort();
	if (cutOff.length > 0) return `has lost its Docker network, without which ${cutOff.join(", ")} can't be used`;
	if (!nodes.some((node) => node.name === `${cluster}-control-plane`)) return "has lost its control plane";
	return completion ? undefined : "is incomplete, as after an interrupted creation";
}
