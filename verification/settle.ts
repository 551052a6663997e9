/** Waits, up to a deadline, until API and rules are up to date: the API first, then each node's rules. */
import { isDeepStrictEqual } from "node:util";
import pLimit, { type LimitFunction } from "p-limit";
import type { Cluster } from "../kubernetes/liveCluster.ts";
import type { Node } from "../kubernetes/model.ts";
import { type ClusterSnapshot, type Place, viewName, viewsOf } from "../kubernetes/snapshot.ts";
import { poll } from "../lib/poll.ts";
import { type NodeFinding, readFinding } from "./findings.ts";
import { rulesProblem, stranger } from "./judgement/rulesProblem.ts";
import { readSeconds } from "./nodeRules/ruleOutputs.ts";
import type { Say } from "./progress.ts";
import type { Request } from "./request.ts";
import { type Ruleset, readRuleset, readsAtOnce } from "./ruleset.ts";

/** kube-proxy writes a change within this many seconds, on a busy machine too. Tests without a kube-proxy wait less. */
const rulesSeconds = Number(process.env.NODEPORT_LAB_RULES_SECONDS ?? 45);

/** After this many reads of wrong rules the API is read again. */
const readsPerSnapshot = 4;

/** Milliseconds between two reads. */
const interval = 500;

/** A node's rules, and what is wrong with them. */
export interface Settled {
	node: Node;
	ruleset?: Ruleset;
	finding?: NodeFinding;
}

/** What to wait for: that the rules treat the packets of each view's first client as the view says. */
export interface Awaited {
	cluster: Cluster;
	/** The first view. */
	snapshot: ClusterSnapshot;
	/** By `performance.now()`. */
	deadline: number;
	say: Say;
	/** Reads the API again. */
	readSnapshot: () => Promise<ClusterSnapshot>;
	/** Limits how many nodes' rules are read in parallel. */
	limit: LimitFunction;
}

/** Waits until the API is up to date with the pods; after the deadline, returns the last snapshot anyway. */
export function settledSnapshot(
	cluster: Cluster,
	request: Request,
	deadline: number,
	say: Say,
): Promise<ClusterSnapshot> {
	let reported: string[] = [];
	const until = ({ unsettled: reasons }: ClusterSnapshot): boolean => {
		if (reasons.length === 0 || performance.now() > deadline) return true;
		if (!isDeepStrictEqual(reasons, reported)) say({ kind: "waitingForApi", reasons });
		reported = reasons;
		return false;
	};
	return poll(() => cluster.snapshot(request), { interval, until });
}

/** Reads the API; callers that ask while an answer is pending share it. */
export function sharedSnapshot(cluster: Cluster, request: Request): () => Promise<ClusterSnapshot> {
	let pending: Promise<ClusterSnapshot> | undefined;
	return () => {
		pending ??= cluster.snapshot(request).finally(() => {
			pending = undefined;
		});
		return pending;
	};
}

/** Waits for the rules of every node. @returns what each wait ends with, by the node's name */
export function settleNodes(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	request: Request,
	{ deadline, say }: Pick<Awaited, "deadline" | "say">,
): Map<string, Promise<Settled>> {
	const readSnapshot = sharedSnapshot(cluster, request);
	const awaited = { cluster, snapshot, deadline, say, readSnapshot, limit: pLimit(readsAtOnce) };
	return new Map(snapshot.nodes.map((node) => [node.name, settle(awaited, node)]));
}

/** Where the view's first client is: its packets are the ones that the rules are held against. */
export const firstPlace = ({ clients, family }: ClusterSnapshot): Place =>
	clients[0]?.place ?? { network: "outside", ip: stranger[family] };

/** The rules that could be read, by node. */
export const rulesetsOf = (settled: readonly Settled[]): Map<string, Ruleset> =>
	new Map(settled.flatMap(({ node, ruleset }) => (ruleset ? [[node.name, ruleset] as const] : [])));

/** Whether clients and endpoints are the same. */
export const sameSnapshot = (a: ClusterSnapshot, b: ClusterSnapshot): boolean =>
	isDeepStrictEqual(viewsOf(a).map(changing), viewsOf(b).map(changing));

const changing = ({ clients, endpoints, dns }: ClusterSnapshot) => [clients, endpoints, dns];

/** Reads a node's rules until they agree with the API, up to the deadline or until the API changes. */
export async function settle(awaited: Awaited, node: Node): Promise<Settled> {
	const { snapshot, say } = awaited;
	const deadline = Math.min(awaited.deadline, performance.now() + rulesSeconds * 1000);
	let reads = 0;
	const until = async ({ settled: { finding }, seconds }: TimedRead): Promise<boolean> => {
		reads++;
		// On a node that isn't Ready, or doesn't answer, kube-proxy may never write its rules.
		if (!finding || !node.ready || seconds >= readSeconds || performance.now() > deadline) return true;
		if (reads === readsPerSnapshot) say({ kind: "waitingForRules", seconds: rulesSeconds, finding });
		if (reads % readsPerSnapshot !== 0) return false;
		// Rules that follow a newer pod never match the snapshot. An unreachable API is reported by the next read of it.
		return !sameSnapshot(snapshot, await awaited.readSnapshot().catch(() => snapshot));
	};
	return (await poll(() => awaited.limit(() => timedRead(awaited, node)), { interval, until })).settled;
}

interface TimedRead {
	settled: Settled;
	seconds: number;
}

async function timedRead(awaited: Awaited, node: Node): Promise<TimedRead> {
	const start = performance.now();
	const settled = await read(awaited, node);
	return { settled, seconds: (performance.now() - start) / 1000 };
}

async function read({ cluster, snapshot }: Awaited, node: Node): Promise<Settled> {
	try {
		const ruleset = await readRuleset(cluster, snapshot, node);
		const [finding] = viewsOf(snapshot).flatMap((view) => rulesFinding(cluster, view, node.name, ruleset) ?? []);
		return { node, ruleset, ...(finding && { finding }) };
	} catch (error) {
		return { node, finding: readFinding(node.name, error) };
	}
}

function rulesFinding(
	cluster: Cluster,
	view: ClusterSnapshot,
	name: string,
	ruleset: Ruleset,
): NodeFinding | undefined {
	const node = view.nodes.find((node) => node.name === name);
	const problem = node && rulesProblem(view, firstPlace(view), node, ruleset);
	if (!problem) return undefined;
	const isForeign = problem.kind === "endpoints" && problem.foreign !== undefined;
	const fix = isForeign ? undefined : cluster.restartProxyCommand(view.kubeProxies.get(name));
	return { kind: "rules", node: name, ...viewName(view), problem, ...(fix && { fix }) };
}

/** Whether something other than kube-proxy serves Services: no pod of it runs, and no node has any of its rules. */
export const isReplaced = ({ kubeProxies }: ClusterSnapshot, settled: readonly Settled[]): boolean =>
	kubeProxies.size === 0 && settled.length > 0 && settled.every(({ finding }) => finding && hasNoProxyRules(finding));

const hasNoProxyRules = ({ problem }: NodeFinding): boolean => problem.kind === "noProxyRules" && !problem.leftovers;
