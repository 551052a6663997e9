/** One verification from end to end: wait, read the rules, probe, judge. */
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { type Sample, sampleText } from "../kubernetes/existing/nodeSample.ts";
import { kubectlText } from "../kubernetes/kubeAccess.ts";
import type { Cluster } from "../kubernetes/liveCluster.ts";
import type { Node } from "../kubernetes/model.ts";
import type { ClusterSnapshot, Place } from "../kubernetes/snapshot.ts";
import { journeysText } from "../report/journeyText.ts";
import { failureOf } from "../report/matrixText.ts";
import { traceFailure } from "../report/traceText.ts";
import { journeys } from "./journey/journey.ts";
import { entryPacket } from "./journey/nodeNetwork.ts";
import { keptWays } from "./journey/recordedPaths.ts";
import { judge, waysOf } from "./judgement/judge.ts";
import type { NodeRules, ProxyMode } from "./model.ts";
import { probeAll } from "./probe.ts";
import { type Report, reportSchema } from "./report.ts";
import type { Request } from "./request.ts";
import { type Ruleset, readsAtOnce } from "./ruleset.ts";
import { isReplaced, type Say, type Settled, sameSnapshot, settle, settledSnapshot, sharedLook } from "./settle.ts";
import type { NodeTrace } from "./trace/model.ts";
import { traceNodePorts } from "./trace/traceNodes.ts";

/** @throws where the cluster or the Service cannot be read at all; anything less is a finding in the report */
export async function verify(cluster: Cluster, request: Request, say: Say): Promise<Report> {
	const deadline = performance.now() + request.waitSeconds * 1000;
	for (let comingUp = false; ; await sleep(1000)) {
		const snapshot = await settledSnapshot(cluster, request, deadline, (line) => {
			comingUp = true;
			say(line);
		});
		const report = await measure(cluster, snapshot, request, deadline, say);
		if (report.ok || performance.now() > deadline) return report;
		// While a cluster is coming up, or changes under the measurement, an answer that fails proves nothing yet.
		const now = await cluster.snapshot(request).catch((error: Error) => say(`cannot look again: ${error.message}`));
		if (!now) return report;
		comingUp ||= !sameSnapshot(snapshot, now);
		if (!comingUp) return report;
		say(`the cluster is coming up, asking again: ${report.failures.length} findings so far`);
	}
}

async function measure(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	request: Request,
	deadline: number,
	say: Say,
): Promise<Report> {
	const client: Place = snapshot.clients[0]?.place ?? { network: "outside" };
	const look = sharedLook(cluster, request);
	const awaited = { cluster, snapshot, client, deadline, say, look, limit: pLimit(readsAtOnce) };
	const settling = new Map(snapshot.nodes.map((node) => [node.name, settle(awaited, node)] as const));
	const { sample } = request.existing ?? {};
	say(`asking ${sample ? sampleText(sample) : `${snapshot.nodes.length} nodes`}, reading their rules`);
	// A cell waits for the nodes that it passes and for no other: a dead node delays its own cell only. But without any
	// kube-proxy pod all of them tell whether something else is in its place.
	const cells = await probeAll(cluster, snapshot, request, async (...nodes) => {
		const awaited =
			snapshot.kubeProxies.size > 0 ? nodes.flatMap((node) => settling.get(node) ?? []) : settling.values();
		return proxyModeOf(snapshot, await Promise.all(awaited));
	});
	const settled = await Promise.all(settling.values());
	const replaced = isReplaced(snapshot, settled);
	const rulesets = new Map(settled.flatMap(({ node, ruleset }) => (ruleset ? [[node.name, ruleset] as const] : [])));
	const judged = cells.map((cell) => judge(snapshot, rulesets, cell));
	const connectivity = judged.map(({ cell }) => cell);
	const traces =
		request.connectivity === "full" && !replaced ? await traceAll(cluster, snapshot, rulesets, say) : undefined;
	const failures = [
		...missingPods(snapshot, request),
		...missingDns(snapshot, request),
		...judged.flatMap(({ cell, difference }) => (difference ? [failureOf(cell, difference)] : [])),
		...settled.flatMap(({ node, ruleset, problem }) =>
			problem && !replaced
				? [ruleset ? `${problem}; fix: ${cluster.restartProxy(snapshot.kubeProxies.get(node.name))}` : problem]
				: [],
		),
		...(traces ?? []).flatMap((trace) => traceFailure(trace, snapshot.clients[0]?.name ?? "") ?? []),
	];
	return {
		schema: reportSchema,
		request,
		ok: failures.length === 0,
		checkedAt: new Date().toISOString(),
		proxyMode: proxyModeOf(snapshot, settled),
		service: snapshot.service,
		pods: snapshot.endpoints.map(({ pod, ip, node }) => ({ name: pod, ip, node })),
		nodes: snapshot.nodes,
		clients: snapshot.clients.map(({ name, place }) => ({ name, place })),
		connectivity,
		ways: keptWays(snapshot, connectivity, (cell) => waysOf(snapshot, rulesets, cell)),
		differences: judged.flatMap(({ difference }) => difference ?? []),
		rules: settled.flatMap(({ node, ruleset }) => (ruleset ? [nodeRules(snapshot, client, node, ruleset)] : [])),
		notices: [...(sample ? [sampleNotice(sample)] : []), ...(replaced ? [replacedNotice] : [])],
		notAsking: request.connectivity === "full" ? notAsking(snapshot) : [],
		...explained(snapshot, rulesets),
		notUnderstood: [...rulesets].flatMap(([node, ruleset]) =>
			ruleset.notUnderstood().map((line) => `${node}: ${line}`),
		),
		...(traces && { traces }),
		failures,
	};
}

/** The first client's packet to every node's nodePort, as the kernels trace it. */
async function traceAll(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	say: Say,
): Promise<NodeTrace[]> {
	const [client] = snapshot.clients;
	if (!client) return [];
	say("tracing a packet on every node");
	return traceNodePorts(cluster, snapshot, rulesets, client);
}

/** The rows that a full matrix has, and this one has not. */
function notAsking({ clients, nodes }: ClusterSnapshot): string[] {
	const asking = clients.flatMap(({ place }) => (place.network === "node" ? (place.node ?? []) : []));
	const silent = nodes.filter(({ name }) => !asking.includes(name)).map(({ name }) => `${name}: no client runs on it`);
	const isAskedFromOutside = clients.some(({ place }) => place.network === "outside");
	return [...silent, ...(isAskedFromOutside ? [] : ["outside the cluster: there is no client"])];
}

function explained(snapshot: ClusterSnapshot, rulesets: ReadonlyMap<string, Ruleset>): Pick<Report, "explained"> {
	const [client] = snapshot.clients;
	const [node] = snapshot.nodes;
	if (!client || !node) return {};
	const destination = { address: node.internalIp, port: snapshot.service.nodePort };
	const path = journeysText(journeys(snapshot, rulesets, client.place, destination), snapshot);
	return { explained: { client: client.name, target: `${node.name}:${destination.port}`, path } };
}

/** The lab promises a number of pods; the Deployment, or the pods themselves, may have been changed by hand. */
function missingPods({ endpoints }: ClusterSnapshot, { echo, service, ...access }: Request): string[] {
	if (endpoints.length >= echo.replicas) return [];
	const look = kubectlText(access, "get", "pods", "-n", service.namespace, "-o", "wide");
	return [`${endpoints.length} of ${echo.replicas} pods of ${echo.deployment} are ready endpoints; look: ${look}`];
}

/** Without it no name is resolved, whatever the rules say. */
function missingDns({ dns }: ClusterSnapshot, access: Request): string[] {
	if (!dns || dns.endpoints.length > 0) return [];
	const look = kubectlText(access, "get", "deployments,pods", "-n", "kube-system", "-l", "k8s-app=kube-dns");
	const scale = kubectlText(access, "-n", "kube-system", "scale", "deployment/coredns", "--replicas=2");
	const fix = access.existing ? "" : `; fix, if it is scaled to 0: ${scale}`;
	return [`the DNS Service ${dns.clusterIp} has no ready endpoint; look: ${look}${fix}`];
}

/** What the nodes' rules show. */
const proxyModeOf = (snapshot: ClusterSnapshot, settled: Settled[]): ProxyMode =>
	settled.flatMap(({ ruleset }) => ruleset?.proxyMode ?? [])[0] ?? (isReplaced(snapshot, settled) ? "none" : "unknown");

/** Which nodes are left out is found once: a verification that repeats the last one asks the same. */
const sampleNotice = (sample: Sample): string =>
	`looked at ${sampleText(sample)}${sample.hindered ? ", as the last update found" : ""}`;

const replacedNotice =
	"no node runs a kube-proxy pod, and none has a rule of kube-proxy's: something else serves Services here. " +
	"What it answers is measured; no path is explained, and client addresses are not foretold";

function nodeRules(snapshot: ClusterSnapshot, client: Place, node: Node, ruleset: Ruleset): NodeRules {
	return {
		node: node.name,
		backend: ruleset.backend,
		rules: ruleset.rulesOf(snapshot.service),
		paths: ruleset.walk(entryPacket(snapshot, client, node)).map(({ probability, hops }) => ({ probability, hops })),
	};
}
