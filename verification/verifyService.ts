/** One verification from end to end: waits, reads the rules, sends the requests, judges the results. */
import { setTimeout as sleep } from "node:timers/promises";
import { kubectlCommand } from "../kubernetes/kubeAccess.ts";
import type { Cluster } from "../kubernetes/liveCluster.ts";
import type { Pod } from "../kubernetes/model.ts";
import { type ClusterSnapshot, isReadyEndpoint, viewName, viewNamed, viewsOf } from "../kubernetes/snapshot.ts";
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
	const judged = requests.map((one) => judge(viewNamed(snapshot, one.cell.target), rulesets, one));
	const connectivity = judged.map(({ cell }) => cell);
	const traces =
		request.connectivity === "full" && !replaced ? await traceAll(cluster, snapshot, rulesets, say) : undefined;
	const findings = [
		...missingPods(snapshot, request),
		...missingDns(snapshot, request),
		...judged.flatMap(({ finding }) => finding ?? []),
		...settled.flatMap(({ finding }) => (finding && !replaced ? [finding] : [])),
		...(traces ?? []).flatMap((trace) => traceFinding(trace, snapshot)),
	];
	return {
		schema: reportSchema,
		request,
		ok: findings.length === 0,
		checkedAt: new Date().toISOString(),
		proxyMode: proxyModeOf(snapshot, settled),
		service: snapshot.service,
		pods: podsOf(snapshot),
		nodes: snapshot.nodes,
		clients: snapshot.clients.map(({ name, place }) => ({ name, place })),
		connectivity,
		journeys: recordJourneys(connectivity, (cell) => requestJourney(viewNamed(snapshot, cell.target), rulesets, cell)),
		...explained(snapshot, rulesets),
		rules: viewsOf(snapshot).flatMap((view) => nodeRules(view, rulesets)),
		...(traces && { traces }),
		findings,
		notices: notices(snapshot, request, rulesets, replaced, repeated),
	};
}

/** The ready ones, with their addresses of all families. */
function podsOf(snapshot: ClusterSnapshot): Pod[] {
	const all = viewsOf(snapshot).flatMap(({ endpoints }) => endpoints);
	return snapshot.endpoints.filter(isReadyEndpoint).map(({ pod, ip, node }) => {
		const ips = [...new Set([ip, ...all.flatMap((one) => (one.pod === pod ? one.ip : []))])];
		return { name: pod, ip, ips, node };
	});
}

/** Traces the first client's packet to every node's nodePort, in every view. */
async function traceAll(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	say: Say,
): Promise<NodeTrace[]> {
	if (viewsOf(snapshot).every(({ clients }) => clients.length === 0)) return [];
	say({ kind: "tracing" });
	return traceNodePorts(cluster, snapshot, rulesets);
}

export function traceFinding(trace: NodeTrace, snapshot: ClusterSnapshot): Finding[] {
	if (trace.result === "agrees" || trace.result === "untraced") return [];
	const { clients, family, protocol } = viewNamed(snapshot, trace);
	const options = [
		...(family === snapshot.family ? [] : ["--family", family]),
		...(protocol === snapshot.protocol ? [] : ["--protocol", protocol]),
	];
	const from = clients[0]?.name ?? "";
	const repeat = ["npm", "run", "explain", "--", "--from", from, "--to", trace.node, ...options, "--trace"];
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
	const destination = { address: node.internalIp, port: snapshot.service.nodePort, protocol: snapshot.protocol };
	const branches = journeyOf(snapshot, rulesets, client.place, destination);
	const address = withPort(destination.address, destination.port);
	const journey = recordJourney(client.name, address, branches, undefined, viewName(snapshot));
	return { explained: { node: node.name, ...journey } };
}

/** A user may have scaled the Deployment, or deleted pods. */
function missingPods(snapshot: ClusterSnapshot, { echo, service, ...access }: Request): Finding[] {
	const { deployment, replicas } = echo;
	// Each view has an endpoint for each pod.
	const ready = Math.min(...viewsOf(snapshot).map(({ endpoints }) => endpoints.filter(isReadyEndpoint).length));
	if (ready >= replicas) return [];
	const inspect = kubectlCommand(access, "get", "pods", "-n", service.namespace, "-o", "wide");
	return [{ kind: "missingPods", deployment, expected: replicas, observed: ready, inspect }];
}

function missingDns(snapshot: ClusterSnapshot, access: Request): Finding[] {
	const [dns] = viewsOf(snapshot).flatMap(({ dns }) => dns ?? []);
	if (!dns || dns.endpoints.some(isReadyEndpoint)) return [];
	const inspect = kubectlCommand(access, "get", "deployments,pods", "-n", "kube-system", "-l", "k8s-app=kube-dns");
	const fix = kubectlCommand(access, "-n", "kube-system", "scale", "deployment/coredns", "--replicas=2");
	// In a cluster that the lab didn't create, DNS may have another Deployment.
	return [{ kind: "missingDns", clusterIp: dns.clusterIp, inspect, ...(!access.existing && { fix }) }];
}

const proxyModeOf = (snapshot: ClusterSnapshot, settled: Settled[]): ProxyMode =>
	settled.flatMap(({ ruleset }) => ruleset?.proxyMode ?? [])[0] ?? (isReplaced(snapshot, settled) ? "none" : "unknown");

function nodeRules(view: ClusterSnapshot, rulesets: ReadonlyMap<string, Ruleset>): NodeRules[] {
	return view.nodes.flatMap((node) => {
		const ruleset = rulesets.get(node.name);
		if (!ruleset) return [];
		const paths = ruleset.walk(entryPacket(view, firstPlace(view), node));
		return [
			{
				node: node.name,
				...viewName(view),
				backend: ruleset.backend,
				rules: ruleset.rulesOf(view),
				paths: paths.map(({ probability, hops }) => ({ probability, hops })),
			},
		];
	});
}
