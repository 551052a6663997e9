/** A Service as its nodes see it: one view for each port and address family. */
import { endpointsOf, familiesOf, isOf, nodeIn, protocolOf } from "../../kubernetes/familyViews.ts";
import { isUsable, toEndpoint, toExec, toNode, toService } from "../../kubernetes/objects.ts";
import type { ClusterSnapshot } from "../../kubernetes/snapshot.ts";
import { isKindNode } from "../../kubernetes/source/nodeState.ts";
import { isKnownNetwork } from "../../kubernetes/source/serviceProxies.ts";
import type { ServiceReading } from "../../kubernetes/source/serviceReading.ts";
import type { NodeObject, ServiceObject } from "../../kubernetes/source/usedFields.ts";
import type { Family, Protocol } from "../../netfilter/model.ts";
import type { PortReference } from "./diagnosisFinding.ts";

/** One port of the Service in one address family. */
export interface ServiceView {
	family: Family;
	/** Whether the Service has addresses of both families. */
	isDualStack: boolean;
	protocol: Protocol;
	port: ServicePort;
	/** In the form that journeys use; its endpoints are those that kube-proxy uses. */
	snapshot: ClusterSnapshot;
	/** Addresses outside the cluster that lead to the Service. */
	externalIps: string[];
	loadBalancerIps: string[];
	/** Whether clients inside the cluster are served on their own node only. */
	isInternalLocal: boolean;
	/** Whether topology hints restrict a node to some of the endpoints (topologyMode, trafficDistribution). */
	hasHints: boolean;
}

export type ServicePort = NonNullable<ServiceObject["spec"]["ports"]>[number];

export const portReference = (port: ServicePort): PortReference => ({
	...(port.name !== undefined && { name: port.name }),
	port: port.port,
	protocol: protocolOf(port),
});

/** Headless: DNS answers with the pods' addresses, and no node has rules for it. */
export const isHeadless = ({ spec }: ServiceObject): boolean => spec.clusterIP === "None";

export function viewsOf(reading: ServiceReading): ServiceView[] {
	const { service } = reading;
	const hasHints = hasTopologyHints(reading);
	const families = familiesOf(service);
	return families.flatMap((family) =>
		(service.spec.ports ?? []).map((port) => ({
			family,
			isDualStack: families.length > 1,
			protocol: protocolOf(port),
			port,
			snapshot: snapshotOf(reading, family, port),
			externalIps: (service.spec.externalIPs ?? []).filter((ip) => isOf(family, ip)),
			loadBalancerIps: (service.status?.loadBalancer?.ingress ?? [])
				// With ipMode Proxy, packets go through the load balancer: the nodes have no rules for its address.
				.flatMap(({ ip, ipMode }) => (ipMode === "Proxy" ? [] : (ip ?? [])))
				.filter((ip) => isOf(family, ip)),
			isInternalLocal: service.spec.internalTrafficPolicy === "Local",
			hasHints,
		})),
	);
}

const hasTopologyHints = ({ endpointSlices = [] }: ServiceReading): boolean =>
	endpointSlices.some(({ endpoints = [] }) =>
		endpoints.some(({ hints }) => (hints?.forZones ?? []).length > 0 || (hints?.forNodes ?? []).length > 0),
	);

function snapshotOf(reading: ServiceReading, family: Family, port: ServicePort): ClusterSnapshot {
	const { metadata, spec } = reading.service;
	const clusterIps = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
	return {
		family,
		protocol: protocolOf(port),
		clients: [],
		nodes: inspectedNodes(reading).flatMap((node) => nodeIn(family, toNode(node)) ?? []),
		service: toService({
			metadata,
			spec: { ...spec, clusterIP: clusterIps.find((ip) => isOf(family, ip)), ports: [port] },
		}),
		endpoints: endpointsOf(reading.endpointSlices ?? [], family, port)
			.filter(isUsable)
			.map(toEndpoint),
		unsettled: [],
		kubeProxies: new Map([...(reading.kubeProxies ?? [])].map(([node, pod]) => [node, { exec: toExec(pod) }] as const)),
		foreignNetwork: !hasKnownNetwork(reading),
	};
}

/** Whether kind's own network plugin, and no other, sets addresses and routes. */
function hasKnownNetwork({ nodes, agents }: ServiceReading): boolean {
	const [agent, ...others] = agents.keys();
	return nodes.every(isKindNode) && agent !== undefined && others.length === 0 && isKnownNetwork(agent);
}

/** The nodes whose rules are read. */
export function inspectedNodes({ nodes, sample }: Pick<ServiceReading, "nodes" | "sample">): NodeObject[] {
	return nodes.filter(({ metadata }) => sample === undefined || sample.nodes.includes(metadata.name));
}
