/** Kubernetes objects, reduced to the fields that are used. */
import type { V1Pod } from "@kubernetes/client-node";
import { parseAddress } from "../netfilter/address.ts";
import type { Family } from "../netfilter/model.ts";
import { type Node, Service } from "./model.ts";
import type { Endpoint, Place } from "./snapshot.ts";

type Labels = Record<string, string> | undefined;
type Condition = { type: string; status: string };
type NodeInfo = { kubeletVersion: string; osImage: string; kernelVersion: string; containerRuntimeVersion: string };

/** The used fields of a Node, as client-node and Pulumi both have them. */
export interface NodeObject {
	metadata?: { name?: string; labels?: Labels };
	spec?: { podCIDR?: string | undefined; podCIDRs?: string[] | undefined } | undefined;
	status?:
		| {
				conditions?: Condition[] | undefined;
				addresses?: { type: string; address: string }[] | undefined;
				nodeInfo?: NodeInfo | undefined;
		  }
		| undefined;
}

/** The used fields of a Service, as client-node and Pulumi both have them. */
export interface ServiceObject {
	metadata?: { name?: string; namespace?: string | undefined };
	spec?: {
		clusterIP?: string | undefined;
		clusterIPs?: string[] | undefined;
		ipFamilies?: string[] | undefined;
		ipFamilyPolicy?: string | undefined;
		externalTrafficPolicy?: string | undefined;
		sessionAffinity?: string | undefined;
		ports?: PortObject[] | undefined;
	};
}

export interface PortObject {
	port: number;
	protocol?: string | undefined;
	name?: string | undefined;
	nodePort?: number | undefined;
}

/** The used fields of a Pod, as client-node has them, and a diagnosis. */
export interface PodObject {
	metadata?: { name?: string; namespace?: string | undefined };
	spec?: { nodeName?: string | undefined; hostNetwork?: boolean | undefined; containers: { name: string }[] };
	status?: { podIP?: string | undefined; podIPs?: { ip?: string | undefined }[] | undefined } | undefined;
}

/** The pod's first container. */
export const toExec = ({ metadata, spec }: PodObject) => ({
	namespace: metadata?.namespace ?? "",
	pod: metadata?.name ?? "",
	container: spec?.containers[0]?.name ?? "",
});

/** A pod's addresses of all families, the first family first. */
export const ipsOf = ({ status }: Pick<PodObject, "status">): string[] =>
	present((status?.podIPs ?? []).map(({ ip }) => ip)) ?? present([status?.podIP]) ?? [];

/** The plural fields of the API repeat the singular ones. undefined: there is no value. */
function present(values: (string | undefined)[] = []): string[] | undefined {
	const all = values.filter((value): value is string => Boolean(value));
	return all.length > 0 ? all : undefined;
}

/** @param family of the address @default that of the pod's first one */
export function toPlace({ spec, status }: PodObject, family?: Family): Place {
	const ips = ipsOf({ status });
	const ip = ips.find((ip) => family === undefined || parseAddress(ip)?.kind() === family);
	return {
		network: spec?.hostNetwork ? "node" : "pod",
		...(spec?.nodeName && { node: spec.nodeName }),
		...(ip && { ip }),
		...(ips.length > 0 && { ips }),
	};
}

/** The used fields of an EndpointSlice, as client-node has them, and a diagnosis. The API writes null for no endpoints. */
export interface SliceObject {
	endpoints?:
		| {
				addresses: string[];
				conditions?: Conditions | undefined;
				nodeName?: string | undefined;
				targetRef?: { kind?: string | undefined; name?: string | undefined } | undefined;
		  }[]
		| null
		| undefined;
}

/** All endpoints of a slice, ready or not. @param port that of the slice which they are read for */
export const endpointStates = ({ endpoints }: SliceObject, port: number): EndpointState[] =>
	(endpoints ?? []).map(({ addresses, conditions, nodeName = "", targetRef }) => ({
		ip: addresses[0] ?? "",
		port,
		node: nodeName,
		pod: (targetRef?.kind ?? "Pod") === "Pod" ? (targetRef?.name ?? "") : "",
		...stateOf(conditions),
	}));

type Conditions = { ready?: boolean | undefined; serving?: boolean | undefined; terminating?: boolean | undefined };

/** An endpoint with the conditions of its EndpointSlice. */
export interface EndpointState extends Omit<Endpoint, "terminating"> {
	ready: boolean;
	serving: boolean;
	terminating: boolean;
}

/** Absent means ready, and serving as far as it is ready (discovery/v1 EndpointConditions). */
function stateOf(conditions?: Conditions): Pick<EndpointState, "ready" | "serving" | "terminating"> {
	const ready = conditions?.ready ?? true;
	return { ready, serving: conditions?.serving ?? ready, terminating: conditions?.terminating ?? false };
}

/** Whether kube-proxy may choose it since Kubernetes 1.26: it is ready, or it serves while it terminates. */
export const isUsable = ({ ready, serving, terminating }: EndpointState): boolean => ready || (serving && terminating);

export const toEndpoint = ({ ip, port, node, pod, ready }: EndpointState): Endpoint => ({
	ip,
	port,
	node,
	pod,
	...(!ready && { terminating: true as const }),
});

export const whyUnready = (pod: V1Pod): string[] => (isReady(pod) ? [] : [`pod ${pod.metadata?.name} is not ready`]);

/** For a pod or a node. */
export const isReady = ({ status }: { status?: { conditions?: Condition[] | undefined } | undefined }): boolean =>
	status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

export const roleOf = ({ metadata }: NodeObject): Node["role"] =>
	"node-role.kubernetes.io/control-plane" in (metadata?.labels ?? {}) ? "control-plane" : "worker";

/** By a node's labels: "linux", "windows". */
export const operatingSystem = (labels: Labels): string => labels?.["kubernetes.io/os"] ?? "linux";

export function toNode(node: NodeObject): Node {
	const { metadata, spec, status } = node;
	const internal = (status?.addresses ?? []).filter(({ type }) => type === "InternalIP");
	const internalIps = internal.map(({ address }) => address);
	return {
		name: metadata?.name ?? "",
		role: roleOf(node),
		ready: isReady(node),
		internalIp: internalIps[0] ?? "",
		internalIps,
		podCidr: spec?.podCIDR ?? "",
		podCidrs: present(spec?.podCIDRs) ?? present([spec?.podCIDR]) ?? [],
		labels: { ...metadata?.labels },
		kubeletVersion: status?.nodeInfo?.kubeletVersion ?? "",
		osImage: status?.nodeInfo?.osImage ?? "",
		kernelVersion: status?.nodeInfo?.kernelVersion ?? "",
		containerRuntime: status?.nodeInfo?.containerRuntimeVersion ?? "",
	};
}

/**
 * With its first port, and the other protocol's port of the same numbers. Fields that the API server hasn't filled in yet, as
 * in a preview, are empty or 0.
 */
export function toService({ metadata, spec }: ServiceObject): Service {
	const { name = "", namespace = "" } = metadata ?? {};
	const ports = spec?.ports ?? [];
	const [port] = ports;
	const policy = Service.shape.ipFamilyPolicy.safeParse(spec?.ipFamilyPolicy).data;
	const protocols = port ? protocolsOf(ports.filter((other) => isSamePort(port, other))) : [];
	return {
		name,
		namespace,
		dnsName: `${name}.${namespace}.svc.cluster.local`,
		clusterIp: spec?.clusterIP ?? "",
		clusterIps: present(spec?.clusterIPs) ?? present([spec?.clusterIP]) ?? [],
		...(policy && { ipFamilyPolicy: policy }),
		...(protocols.length > 0 && { protocols }),
		port: port?.port ?? 0,
		portName: port?.name ?? "",
		nodePort: port?.nodePort ?? 0,
		externalTrafficPolicy: spec?.externalTrafficPolicy === "Local" ? "Local" : "Cluster",
		sessionAffinity: spec?.sessionAffinity === "ClientIP" ? "ClientIP" : "None",
	};
}

export const isSamePort = (a: PortObject, b: PortObject): boolean => a.port === b.port && a.nodePort === b.nodePort;

/** TCP first. Not SCTP: the lab and its clients don't send it. */
const protocolsOf = (ports: PortObject[]): ("tcp" | "udp")[] =>
	(["tcp", "udp"] as const).filter((name) => ports.some(({ protocol = "TCP" }) => protocol.toLowerCase() === name));

export const byNodeThenName = (a: V1Pod, b: V1Pod): number =>
	numeric(a.spec?.nodeName ?? "", b.spec?.nodeName ?? "") || numeric(a.metadata?.name ?? "", b.metadata?.name ?? "");

const numeric = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

export const byRoleThenName = (a: Node, b: Node): number => a.role.localeCompare(b.role) || numeric(a.name, b.name);
