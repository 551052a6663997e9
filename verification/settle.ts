/** Waits, for a bounded time, until what is measured has come to rest: the API first, then each node's rules. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { LimitFunction } from "p-limit";
import type { Cluster } from "../kubernetes/liveCluster.ts";
import type { Node } from "../kubernetes/model.ts";
import type { ClusterSnapshot, Place } from "../kubernetes/snapshot.ts";
import { ruleProblem } from "./judgement/ruleProblem.ts";
import type { Request } from "./request.ts";
import { NoProxyRules, type Ruleset, readRuleset, readSeconds } from "./ruleset.ts";

/** Takes a line of progress. */
export type Say = (line: string) => void;

/** kube-proxy writes a change within this many seconds, on a busy machine too. Tests without a kube-proxy wait less. */
const rulesSeconds = Number(process.env.NODEPORT_LAB_RULES_SECONDS ?? 45);

/** Rules that are wrong for so many reads in a row: somebody is told, and the API is looked at again. */
const readsBetweenLooks = 4;

/** What became of a node's rules: read or not, right or not. */
export interface Settled {
	node: Node;
	ruleset?: Ruleset;
	problem?: string;
	/** The rules were read, and nothing of kube-proxy's is among them. */
	isBare?: boolean;
}

/** What is waited for: that the rules say of the Service what `snapshot` says, to a packet of `client`. */
export interface Awaited {
	cluster: Cluster;
	snapshot: ClusterSnapshot;
	client: Place;
	/** By `performance.now()`. */
	deadline: number;
	say: Say;
	/** The API as it is now. */
	look: () => Promise<ClusterSnapshot>;
	/** Bounds how many nodes' rules are read at once. */
	limit: LimitFunction;
}

/** Waits until the API is up to date with the pods; after the deadline goes on with what there is. */
export async function settledSnapshot(
	cluster: Cluster,
	request: Request,
	deadline: number,
	say: Say,
): Promise<ClusterSnapshot> {
	for (let said = ""; ; await sleep(500)) {
		const snapshot = await cluster.snapshot(request);
		if (snapshot.unsettled.length === 0 || performance.now() > deadline) return snapshot;
		const waiting = `waiting: ${snapshot.unsettled.join("; ")}`;
		if (waiting !== said) say(waiting);
		said = waiting;
	}
}

/** Looks at the API: once for all who ask while the answer is under way, as nodes that wait do at the same time. */
export function sharedLook(cluster: Cluster, request: Request): () => Promise<ClusterSnapshot> {
	let underWay: Promise<ClusterSnapshot> | undefined;
	return () => {
		underWay ??= cluster.snapshot(request).finally(() => {
			underWay = undefined;
		});
		return underWay;
	};
}

/** Whether clients and endpoints are where they were. */
export const sameSnapshot = (a: ClusterSnapshot, b: ClusterSnapshot): boolean =>
	isDeepStrictEqual([a.clients, a.endpoints, a.dns], [b.clients, b.endpoints, b.dns]);

/** Reads a node's rules until they say what the API says, for a bounded time, and no longer than the API says it. */
export async function settle(awaited: Awaited, node: Node): Promise<Settled> {
	const { snapshot, deadline, say } = awaited;
	const until = Math.min(deadline, performance.now() + rulesSeconds * 1000);
	for (let reads = 1; ; reads++) {
		const { settled, seconds } = await awaited.limit(() => attemptToRead(awaited, node));
		// What kube-proxy writes on a node that is not Ready, or does not answer at all, may never come: that is final.
		const isDead = !node.ready || seconds >= readSeconds;
		if (!settled.problem || isDead || performance.now() > until) return settled;
		if (reads === readsBetweenLooks) say(`waiting for kube-proxy, at most ${rulesSeconds} s: ${settled.problem}`);
		if (reads % readsBetweenLooks === 0) {
			// kube-proxy may be ahead of the snapshot: rules that follow a pod that came later never match it. Where the API
			// does not answer, the rules are waited for, and who looks next says so.
			const now = await awaited.look().catch(() => snapshot);
			if (!sameSnapshot(snapshot, now)) return settled;
		}
		await sleep(500);
	}
}

async function attemptToRead(awaited: Awaited, node: Node): Promise<{ settled: Settled; seconds: number }> {
	const began = performance.now();
	const settled = await readOnce(awaited, node);
	return { settled, seconds: (performance.now() - began) / 1000 };
}

async function readOnce({ cluster, snapshot, client }: Awaited, node: Node): Promise<Settled> {
	try {
		const ruleset = await readRuleset(cluster, snapshot, node);
		const problem = ruleProblem(snapshot, client, node, ruleset);
		return { node, ruleset, ...(problem && { problem }) };
	} catch (error) {
		const problem = `${node.name}: ${error instanceof Error ? error.message : String(error)}`;
		return { node, problem, ...(error instanceof NoProxyRules && { isBare: true }) };
	}
}

/**
 * Whether something else than kube-proxy serves Services: no pod of it runs, and, for as long as a late one was waited
 * for, nothing of it was on any node.
 */
export const isReplaced = ({ kubeProxies }: ClusterSnapshot, settled: readonly Settled[]): boolean =>
	kubeProxies.size === 0 && settled.length > 0 && settled.every(({ isBare }) => isBare);
