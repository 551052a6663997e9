/** Everything about one Service that a diagnosis reads from the API, as one value. */
import pLimit from "p-limit";
import { parse } from "yaml";
import { z } from "zod";
import { type Sample, sampleNodes } from "../existing/nodeSample.ts";
import { isReady, roleOf, toExec } from "../objects.ts";
import type { About, Answer, ClusterSource, Query } from "./clusterSource.ts";
import { causeOfRefusal, type Gap, type Subject } from "./gap.ts";
import { runsLinux } from "./nodeState.ts";
import { type AgentKind, agentOf, isKubeProxy } from "./serviceProxies.ts";
import type {
	EndpointSliceObject,
	Kind,
	NetworkPolicyObject,
	NodeObject,
	ObjectOf,
	PodObject,
	ServiceObject,
} from "./usedFields.ts";

/** The used settings of kube-proxy, as usedFields.ts keeps them. */
const ProxyConfig = z.object({
	mode: z.string().nullish(),
	nodePortAddresses: z.array(z.string()).nullish(),
	unreadable: z.string().optional(),
});
export type ProxyConfig = z.infer<typeof ProxyConfig>;

export interface ServiceReading {
	about: About;
	service: ServiceObject;
	endpointSlices: EndpointSliceObject[] | undefined;
	/** All pods of the Service's namespace. */
	pods: PodObject[] | undefined;
	nodes: NodeObject[];
	/** Present if rules are read on some nodes only. */
	sample?: Sample;
	networkPolicies: NetworkPolicyObject[] | undefined;
	/** Of kube-proxy, by node; undefined: unknown. */
	kubeProxies: Map<string, PodObject> | undefined;
	/** The last lines of kube-proxy's log, by node. */
	proxyLogs: Map<string, string>;
	proxyConfig: ProxyConfig | undefined;
	/** Programs in kube-system that can serve Services instead of kube-proxy, with the number of their pods. */
	agents: Map<AgentKind, number>;
	ciliumReplacesProxy: boolean;
	/** All pods of the cluster that use a port of their node. */
	hostPortPods: PodObject[] | undefined;
	gaps: Gap[];
}

/** The Service doesn't exist, or it can't be read: then there is nothing to diagnose. */
export class NoService extends Error {}

const system = "kube-system";
const logLines = 40;
const concurrency = 16;
/** The same nodes are chosen every time. */
const sampleSeed = 1;

/** @throws NoService; an error if the API server doesn't answer */
export async function readService(source: ClusterSource, namespace: string, name: string): Promise<ServiceReading> {
	const about = await source.about();
	const service = await requiredService(source, namespace, name);
	const gaps: Gap[] = [];
	const list = async <K extends Kind>(subject: Subject, query: Query<K>): Promise<ObjectOf<K>[] | undefined> =>
		valueOr(await source.list(query), subject, gaps);
	const [endpointSlices, pods, nodes = [], networkPolicies, systemPods, hostPortPods, proxyConfig] = await Promise.all([
		list("endpointSlices", { kind: "endpointSlices", namespace, labels: `kubernetes.io/service-name=${name}` }),
		list("pods", { kind: "pods", namespace }),
		list("nodes", { kind: "nodes" }),
		list("networkPolicies", { kind: "networkPolicies", namespace }),
		list("kubeProxyPods", { kind: "pods", namespace: system }),
		list("hostPorts", { kind: "pods", withHostPort: true }),
		readProxyConfig(list, gaps),
	]);
	const agents = countAgents(systemPods ?? []);
	const kubeProxies = systemPods && proxiesByNode(systemPods);
	const sample = sampleOf(nodes, endpointSlices ?? []);
	const inspected = sample?.nodes ?? nodes.map(({ metadata }) => metadata.name);
	return {
		about,
		service,
		endpointSlices,
		pods,
		nodes,
		...(sample && { sample }),
		networkPolicies,
		kubeProxies,
		proxyLogs: await readProxyLogs(source, kubeProxies, inspected, gaps),
		proxyConfig,
		agents,
		ciliumReplacesProxy: agents.has("cilium") && (await ciliumReplacesProxy(list)),
		hostPortPods,
		gaps,
	};
}

type ListObjects = <K extends Kind>(subject: Subject, query: Query<K>) => Promise<ObjectOf<K>[] | undefined>;

function valueOr<T>(answer: Answer<T>, subject: Subject, gaps: Gap[], node?: string): T | undefined {
	if ("value" in answer) return answer.value;
	gaps.push({ subject, ...(node !== undefined && { node }), cause: causeOfRefusal(answer.refused) });
	return undefined;
}

async function requiredService(source: ClusterSource, namespace: string, name: string): Promise<ServiceObject> {
	const answer = await source.list({ kind: "services", namespace, name });
	if ("refused" in answer) {
		throw new NoService(`Service ${namespace}/${name} can't be read: ${answer.refused.message}`);
	}
	const [service] = answer.value;
	if (service) return service;
	const others = await source.list({ kind: "services", namespace });
	const names = "value" in others ? others.value.map(({ metadata }) => metadata.name) : [];
	// A list of a namespace that doesn't exist is empty too.
	const listed =
		names.length > 0
			? `the namespace has ${names.slice(0, 10).join(", ")}`
			: `namespace ${namespace} has no Service, or doesn't exist`;
	throw new NoService(`Service ${namespace}/${name} not found; ${listed}`);
}

/** kubeadm's name; k3s, GKE and others have no such ConfigMap. */
async function readProxyConfig(list: ListObjects, gaps: Gap[]): Promise<ProxyConfig | undefined> {
	const query = { kind: "configMaps", namespace: system, name: "kube-proxy" } as const;
	const text = (await list("kubeProxyConfig", query))?.[0]?.data?.["config.conf"];
	if (text === undefined) return undefined;
	const { data, error } = ProxyConfig.safeParse(parse(text));
	const [issue] = error?.issues ?? [];
	const { unreadable } = data ?? {};
	if (!issue && unreadable === undefined) return data;
	const { path, message } = issue ?? { path: ["config.conf"], message: unreadable ?? "" };
	gaps.push({ subject: "kubeProxyConfig", cause: { kind: "invalid", field: path.join("."), message } });
	return undefined;
}

async function ciliumReplacesProxy(list: ListObjects): Promise<boolean> {
	const [config] = (await list("ciliumConfig", { kind: "configMaps", namespace: system, name: "cilium-config" })) ?? [];
	// "strict" was the word until Cilium 1.14.
	return ["true", "strict"].includes(config?.data?.["kube-proxy-replacement"] ?? "");
}

function countAgents(pods: readonly PodObject[]): Map<AgentKind, number> {
	const counts = new Map<AgentKind, number>();
	for (const pod of pods) {
		const agent = agentOf(pod);
		if (agent) counts.set(agent, (counts.get(agent) ?? 0) + 1);
	}
	return counts;
}

/** While a pod is replaced, a node has two: the one that isn't being deleted counts. */
function proxiesByNode(pods: readonly PodObject[]): Map<string, PodObject> {
	const proxies = pods.filter((pod) => isKubeProxy(pod) && pod.spec.nodeName !== undefined);
	const rank = ({ metadata }: PodObject) => (metadata.deletionTimestamp === undefined ? 1 : 0);
	const sorted = proxies.toSorted((a, b) => rank(a) - rank(b));
	return new Map(sorted.map((pod) => [pod.spec.nodeName ?? "", pod]));
}

function sampleOf(nodes: readonly NodeObject[], slices: readonly EndpointSliceObject[]): Sample | undefined {
	const candidates = nodes.map((node) => ({
		name: node.metadata.name,
		role: roleOf(node),
		...(!isReady(node) ? { hindrance: "is not Ready" } : runsLinux(node) ? {} : { hindrance: "doesn't run Linux" }),
	}));
	const withEndpoint = new Set(
		slices.flatMap(({ endpoints = [] }) => endpoints.flatMap(({ nodeName }) => nodeName ?? [])),
	);
	const usable = candidates.filter(({ name, hindrance }) => withEndpoint.has(name) && hindrance === undefined);
	// Two nodes with endpoints are enough to see both sides of a request between nodes.
	return sampleNodes(
		candidates,
		usable.slice(0, 2).map(({ name }) => name),
		sampleSeed,
	);
}

async function readProxyLogs(
	source: ClusterSource,
	kubeProxies: ReadonlyMap<string, PodObject> | undefined,
	nodes: readonly string[],
	gaps: Gap[],
): Promise<Map<string, string>> {
	const logs = await pLimit(concurrency).map(nodes, async (node) => {
		const pod = kubeProxies?.get(node);
		if (!pod) return [];
		const log = valueOr(await source.log(toExec(pod), logLines), "kubeProxyLog", gaps, node);
		return log === undefined ? [] : [[node, log] as const];
	});
	return new Map(logs.flat());
}
