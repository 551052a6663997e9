/** Kubernetes objects, reduced to the fields that are used. */
import type { V1EndpointSlice, V1Pod } from "@kubernetes/client-node";
import type { Node, Service } from "./model.ts";
import type { Endpoint, Place } from "./snapshot.ts";

/** The used fields of a Node, as client-node and Pulumi both have them. */
export interface NodeObject {
	metadata?: { name?: string; labels?: Record<string, string> };
	spec?: { podCIDR?: string };
	status?: {
		conditions?: { type: string; status: string }[];
		addresses?: { type: string; address: string }[];
		nodeInfo?: { kubeletVersion: string; osImage: string; kernelVersion: string; containerRuntimeVersion: string };
	};
}

/** The used fields of a Service, as client-node and Pulumi both have them. */
export interface ServiceObject {
	metadata?: { name?: string; namespace?: string };
	spec?: {
		clusterIP?: string;
		externalTrafficPolicy?: string;
		sessionAffinity?: string;
		ports?: { port: number; name?: string; nodePort?: number }[];
	};
}

export const toExec = ({ metadata, spec }: V1Pod) => ({
	namespace: metadata?.namespace ?? "",
	pod: metadata?.name ?? "",
	container: spec?.containers[0]?.name ?? "",
});

export const toPlace = ({ spec, status }: V1Pod): Place => ({
	network: spec?.hostNetwork ? "node" : "pod",
	...(spec?.nodeName && { node: spec.nodeName }),
	...(status?.podIP && { ip: status.podIP }),
});

export const toEndpoints = ({ endpoints, ports }: V1EndpointSlice): Endpoint[] =>
	// The API returns null for a slice without endpoints, contrary to its types.
	(endpoints ?? [])
		.filter(({ conditions }) => isReadyCondition(conditions) || (conditions?.serving && conditions.terminating))
		.map(({ addresses, nodeName, targetRef, conditions }) => ({
			ip: addresses[0] ?? "",
			port: ports?.[0]?.port ?? 0,
			node: nodeName ?? "",
			pod: targetRef?.name ?? "",
			...(!isReadyCondition(conditions) && { terminating: true as const }),
		}));

/** discovery/v1: an unknown state counts as ready. */
const isReadyCondition = (conditions?: { ready?: boolean }): boolean => conditions?.ready ?? true;

export const whyUnready = (pod: V1Pod): string[] => (isReady(pod) ? [] : [`pod ${pod.metadata?.name} is not ready`]);

/** For a pod or a node. */
export const isReady = ({ status }: { status?: { conditions?: { type: string; status: string }[] } }): boolean =>
	status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

export function toNode(node: NodeObject): Node {
	const { metadata, spec, status } = node;
	return {
		name: metadata?.name ?? "",
		role: "node-role.kubernetes.io/control-plane" in (metadata?.labels ?? {}) ? "control-plane" : "worker",
		ready: isReady(node),
		internalIp: status?.addresses?.find(({ type }) => type === "InternalIP")?.address ?? "",
		podCidr: spec?.podCIDR ?? "",
		labels: { ...metadata?.labels },
		kubeletVersion: status?.nodeInfo?.kubeletVersion ?? "",
		osImage: status?.nodeInfo?.osImage ?? "",
		kernelVersion: status?.nodeInfo?.kernelVersion ?? "",
		containerRuntime: status?.nodeInfo?.containerRuntimeVersion ?? "",
	};
}

/** With its first port. Fields that the API server hasn't filled in yet, as in a preview, are empty or 0. */
export function toService({ metadata, spec }: ServiceObject): Service {
	const { name = "", namespace = "" } = metadata ?? {};
	const [port] = spec?.ports ?? [];
	return {
		name,
		namespace,
		dnsName: `${name}.${namespace}.svc.cluster.local`,
		clusterIp: spec?.clusterIP ?? "",
		port: port?.port ?? 0,
		portName: port?.name ?? "",
		nodePort: port?.nodePort ?? 0,
		externalTrafficPolicy: spec?.externalTrafficPolicy === "Local" ? "Local" : "Cluster",
		sessionAffinity: spec?.sessionAffinity === "ClientIP" ? "ClientIP" : "None",
	};
}

export const byNodeThenName = (a: V1Pod, b: V1Pod): number =>
	numeric(a.spec?.nodeName ?? "", b.spec?.nodeName ?? "") || numeric(a.metadata?.name ?? "", b.metadata?.name ?? "");

const numeric = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

export const byRoleThenName = (a: Node, b: Node): number => a.role.localeCompare(b.role) || numeric(a.name, b.name);
