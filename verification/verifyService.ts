/** One verification from end to end: waits, reads the rules, sends the requests, judges the results. */
import { setTimeout as sleep } from "node:timers/promises";
import { kubectlCommand } from "../kubernetes/kubeAccess.ts";
import type { Cluster } from "../kubernetes/liveCluster.ts";
import type { Node } from "../kubernetes/model.ts";
import { type ClusterSnapshot, isReadyEndpoint, type Place } from "../kubernetes/snapshot.ts";
import { withPort } from "../netfilter/address.ts";
import type { Finding } from "./findings.ts";
import { journeyOf } from "./journey/journey.ts";
import { entryPacket } from "./journey/nodeNetwork.ts";
import { recordJourney, recordJourneys } from "./journey/recordJourneys.ts";
import { judge, requestJourney } from "./judgement/judge.ts";
import type { NodeRules, ProxyMode } from "./model.ts";
import { probeAll } from "./probe.ts";
import type { Say } from "./progress.ts";
import { type Notice, type Report, reportSchema } from "./report.ts";
import type { Request } from "./request.ts";
import type { Ruleset } from "./ruleset.ts";
import {
	firstPlace,
	isReplaced,
	rulesetsOf,
	type Settled,
	sameSnapshot,
	settledSnapshot,
	settleNodes,
} from "./settle.ts";
import type { NodeTrace } from "./trace/model.ts";
import { traceNodePorts } from "./trace/traceNodes.ts";

/** @throws if the cluster or the Service can't be read; anything else is a finding in the report */
export async function verify(cluster: Cluster, request: Request, say: Say): Promise<Report> {
	const deadline = performance.now() + request.waitSeconds * 1000;
	for (let isChanging = false; ; await sleep(1000)) {
		const snapshot = await settledSnapshot(cluster, request, deadline, (progress) => {
			isChanging = true;
			say(progress);
		});
		const report = await measure(cluster, snapshot, request, deadline, say);
		if (report.ok || performance.now() > deadline) return report;
		// A request that fails while the cluster starts or changes proves nothing.
		const now = await cluster.snapshot(request).catch(({ message }: Error) => say({ kind: "apiUnreachable", message }));
		if (!now) return report;
		isChanging ||= !sameSnapshot(snapshot, now);
		if (!isChanging) return report;
		say({ kind: "repeating", findings: report.findings.length });
	}
}

async function measure(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	request: Request,
	deadline: number,
	say: Say,
): Promise<Report> {
	const settling = settleNodes(cluster, snapshot, request, { deadline, say });
	const { sample } = request.existing ?? {};
	say({ kind: "probing", nodes: snapshot.nodes.length, ...(sample && { sample }) });
	// A request waits only for the nodes that it passes, so a dead node delays no other request. Without any kube-proxy
	// pod it takes all nodes to know whether something else serves Services.
	const { requests, repeated } = await probeAll(cluster, snapshot, request, async (...nodes) => {
		const passed = nodes.flatMap((node) => settling.get(node) ?? []);
		return proxyModeOf(snapshot, await Promise.all(snapshot.kubeProxies.size > 0 ? passed : settling.values()));
	});
	const settled = await Promise.all(settling.values());
	const replaced = isReplaced(snapshot, settled);
	const rulesets = rulesetsOf(settled);
	const client = firstPlace(snapshot);
	const judged = requests.map((one) => judge(snapshot, rulesets, one));
	const connectivity = judged.map(({ cell }) => cell);
	const traces =
		request.connectivity === "full" && !replaced ? await traceAll(cluster, snapshot, rulesets, say) : undefined;
	const findings = [
		...missingPods(snapshot, request),
		...missingDns(snapshot, request),
		...judged.flatMap(({ finding }) => finding ?? []),
		...settled.flatMap(({ finding }) => (finding && !replaced ? [finding] : [])),
		...(traces ?? []).flatMap((trace) => traceFinding(trace, snapshot.clients[0]?.name ?? "")),
	];
	return {
		schema: reportSchema,
		request,
		ok: findings.length === 0,
		checkedAt: new Date().toISOString(),
		proxyMode: proxyModeOf(snapshot, settled),
		service: snapshot.service,
		pods: snapshot.endpoints.filter(isReadyEndpoint).map(({ pod, ip, node }) => ({ name: pod, ip, node })),
		nodes: snapshot.nodes,
		clients: snapshot.clients.map(({ name, place }) => ({ name, place })),
		connectivity,
		journeys: recordJourneys(connectivity, (cell) => requestJourney(snapshot, rulesets, cell)),
		...explained(snapshot, rulesets),
		rules: settled.flatMap(({ node, ruleset }) => (ruleset ? [nodeRules(snapshot, client, node, ruleset)] : [])),
		...(traces && { traces }),
		findings,
		notices: notices(snapshot, request, rulesets, replaced, repeated),
	};
}

/** Traces the first client's packet to every node's nodePort. */
async function traceAll(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	say: Say,
): Promise<NodeTrace[]> {
	const [client] = snapshot.clients;
	if (!client) return [];
	say({ kind: "tracing" });
	return traceNodePorts(cluster, snapshot, rulesets, client);
}

export function traceFinding(trace: NodeTrace, client: string): Finding[] {
	if (trace.result === "agrees" || trace.result === "untraced") return [];
	const repeat = ["npm", "run", "explain", "--", "--from", client, "--to", trace.node, "--trace"];
	return [{ kind: "trace", trace: trace.result === "differs" ? withoutSteps(trace) : trace, repeat }];
}

const withoutSteps = <T extends { steps: unknown }>({ steps: _, ...trace }: T): Omit<T, "steps"> => trace;

function notices(
	{ clients, nodes }: ClusterSnapshot,
	{ connectivity, existing }: Request,
	rulesets: ReadonlyMap<string, Ruleset>,
	replaced: boolean,
	repeated: number,
): Notice[] {
	const withClient = clients.flatMap(({ place }) => (place.network === "node" ? (place.node ?? []) : []));
	const withoutClient = nodes.filter(({ name }) => !withClient.includes(name));
	const hasOutside = clients.some(({ place }) => place.network === "outside");
	const isFull = connectivity === "full";
	return [
		...(existing?.sample ? [{ kind: "sample" as const }] : []),
		...(replaced ? [{ kind: "replacedProxy" as const }] : []),
		...(isFull ? withoutClient.map(({ name }) => ({ kind: "noClientOnNode" as const, node: name })) : []),
		...(isFull && !hasOutside ? [{ kind: "noClientOutside" as const }] : []),
		...(repeated > 0 ? [{ kind: "repeatedRequests" as const, count: repeated }] : []),
		...[...rulesets].flatMap(([node, ruleset]) =>
			ruleset.notUnderstood().map((rule) => ({ kind: "unknownRule" as const, node, rule })),
		),
		...[...rulesets].flatMap(([node, { gaps, leftovers }]): Notice[] => [
			...gaps.map((gap) => ({ kind: "unreadRules" as const, node, gap })),
			...leftovers.map((leftovers) => ({ kind: "leftoverRules" as const, node, leftovers })),
		]),
	];
}

function explained(snapshot: ClusterSnapshot, rulesets: ReadonlyMap<string, Ruleset>): Pick<Report, "explained"> {
	const [client] = snapshot.clients;
	const [node] = snapshot.nodes;
	if (!client || !node) return {};
	const destination = { address: node.internalIp, port: snapshot.service.nodePort };
	const branches = journeyOf(snapshot, rulesets, client.place, destination);
	const address = withPort(destination.address, destination.port);
	return { explained: { node: node.name, ...recordJourney(client.name, address, branches) } };
}

/** A user may have scaled the Deployment, or deleted pods. */
function missingPods({ endpoints }: ClusterSnapshot, { echo, service, ...access }: Request): Finding[] {
	const { deployment, replicas } = echo;
	const ready = endpoints.filter(isReadyEndpoint).length;
	if (ready >= replicas) return [];
	const inspect = kubectlCommand(access, "get", "pods", "-n", service.namespace, "-o", "wide");
	return [{ kind: "missingPods", deployment, expected: replicas, observed: ready, inspect }];
}

function missingDns({ dns }: ClusterSnapshot, access: Request): Finding[] {
	if (!dns || dns.endpoints.some(isReadyEndpoint)) return [];
	const inspect = kubectlCommand(access, "get", "deployments,pods", "-n", "kube-system", "-l", "k8s-app=kube-dns");
	const fix = kubectlCommand(access, "-n", "kube-system", "scale", "deployment/coredns", "--replicas=2");
	// In a cluster that the lab didn't create, DNS may have another Deployment.
	return [{ kind: "missingDns", clusterIp: dns.clusterIp, inspect, ...(!access.existing && { fix }) }];
}

const proxyModeOf = (snapshot: ClusterSnapshot, settled: Settled[]): ProxyMode =>
	settled.flatMap(({ ruleset }) => ruleset?.proxyMode ?? [])[0] ?? (isReplaced(snapshot, settled) ? "none" : "unknown");

function nodeRules(snapshot: ClusterSnapshot, client: Place, node: Node, ruleset: Ruleset): NodeRules {
	const paths = ruleset.walk(entryPacket(snapshot, client, node));
	return {
		node: node.name,
		backend: ruleset.backend,
		rules: ruleset.rulesOf(snapshot.service),
		paths: paths.map(({ probability, hops }) => ({ probability, hops })),
	};
}
