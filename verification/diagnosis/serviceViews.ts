/** A Service as its nodes see it: one view for each port and address family. */
import {
	type EndpointState,
	endpointStates,
	isUsable,
	toEndpoint,
	toExec,
	toNode,
	toService,
} from "../../kubernetes/objects.ts";
import type { ClusterSnapshot } from "../../kubernetes/snapshot.ts";
import { isKindNode } from "../../kubernetes/source/nodeState.ts";
import { isKnownNetwork } from "../../kubernetes/source/serviceProxies.ts";
import type { ServiceReading } from "../../kubernetes/source/serviceReading.ts";
import type { EndpointSliceObject, NodeObject, ServiceObject } from "../../kubernetes/source/usedFields.ts";
import { parseAddress, parseRange } from "../../netfilter/address.ts";
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

export const protocolOf = ({ protocol = "TCP" }: { protocol?: string | undefined }): Protocol =>
	protocol.toLowerCase() as Protocol;

export const portReference = (port: ServicePort): PortReference => ({
	...(port.name !== undefined && { name: port.name }),
	port: port.port,
	protocol: protocolOf(port),
});

const familyNames: Record<string, Family> = { IPv4: "ipv4", IPv6: "ipv6" };

export function familiesOf({ spec }: ServiceObject): Family[] {
	const named = (spec.ipFamilies ?? []).flatMap((name) => familyNames[name] ?? []);
	if (named.length > 0) return named;
	return [parseAddress(spec.clusterIP ?? "")?.kind() ?? "ipv4"];
}

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

const isOf = (family: Family, ip: string): boolean => parseAddress(ip)?.kind() === family;

function snapshotOf(reading: ServiceReading, family: Family, port: ServicePort): ClusterSnapshot {
	const { metadata, spec } = reading.service;
	const clusterIps = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
	return {
		clients: [],
		nodes: inspectedNodes(reading).flatMap((node) => nodeIn(family, node)),
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

/** Not if the node has no address of the family. */
function nodeIn(family: Family, object: NodeObject): ClusterSnapshot["nodes"] {
	const addresses = object.status?.addresses ?? [];
	const internalIp = addresses.find(({ type, address }) => type === "InternalIP" && isOf(family, address))?.address;
	if (internalIp === undefined) return [];
	const ranges = object.spec?.podCIDRs ?? (object.spec?.podCIDR === undefined ? [] : [object.spec.podCIDR]);
	const podCidr = ranges.find((range) => parseRange(range) && isOf(family, range.split("/")[0] ?? "")) ?? "";
	return [{ ...toNode(object), internalIp, podCidr }];
}

/** All endpoints of a port, ready or not. The port of a slice has the name of the Service's port. A headless Service may have none. */
export function endpointsOf(
	slices: readonly EndpointSliceObject[],
	family: Family,
	servicePort: ServicePort | undefined,
): EndpointState[] {
	const { name = "", protocol = "TCP" } = servicePort ?? {};
	const ofFamily = slices.filter(({ addressType }) => familyNames[addressType] === family);
	return ofFamily.flatMap((slice) => {
		const own = slice.ports?.find((port) => (port.name ?? "") === name && (port.protocol ?? "TCP") === protocol);
		const port = servicePort === undefined ? 0 : own?.port;
		return port === undefined ? [] : endpointStates(slice, port);
	});
}
