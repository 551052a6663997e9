/** Kubernetes objects as packets of one address family and protocol meet them. */
import type { V1Pod } from "@kubernetes/client-node";
import { parseAddress } from "../netfilter/address.ts";
import { Family, type Protocol } from "../netfilter/model.ts";
import type { Node, Service } from "./model.ts";
import {
	type EndpointState,
	endpointStates,
	ipsOf,
	isReady,
	isSamePort,
	isUsable,
	type PortObject,
	type ServiceObject,
	type SliceObject,
	toEndpoint,
} from "./objects.ts";
import {
	type ClusterSnapshot,
	type Endpoint,
	isReadyEndpoint,
	type Place,
	type PlacedClient,
	type ViewName,
} from "./snapshot.ts";

/** An EndpointSlice has addresses of one family, and a port for each port of the Service. */
interface SliceOfPorts extends SliceObject {
	addressType: string;
	ports?: { name?: string | undefined; protocol?: string | undefined; port?: number | undefined }[] | undefined;
}

/** As the API calls them. */
export const apiFamilies = { ipv4: "IPv4", ipv6: "IPv6" } as const;

/** Of a Service, the first one first. */
export function familiesOf({ spec }: ServiceObject): Family[] {
	const named = (spec?.ipFamilies ?? []).flatMap(
		(name) => Family.options.find((family) => apiFamilies[family] === name) ?? [],
	);
	if (named.length > 0) return named;
	return [parseAddress(spec?.clusterIP ?? "")?.kind() ?? "ipv4"];
}

export const protocolOf = ({ protocol = "TCP" }: { protocol?: string | undefined }): Protocol =>
	protocol.toLowerCase() as Protocol;

/** The ports of the Service's first nodePort, TCP first: those that the lab's clients call. */
export function nodePortsOf({ spec }: ServiceObject): PortObject[] {
	const [first, ...others] = spec?.ports ?? [];
	if (!first) return [];
	const same = others.filter((port) => isSamePort(first, port) && protocolOf(port) !== "sctp");
	return [first, ...same].sort((a, b) => protocolOf(a).localeCompare(protocolOf(b)));
}

/** @param address or a range, "fd00:10:244::/56" */
export const isOf = (family: Family, address: string): boolean =>
	parseAddress(address.split("/")[0] ?? "")?.kind() === family;

/** undefined: the node has no address of the family. */
export function nodeIn(family: Family, node: Node): Node | undefined {
	const { internalIps = [node.internalIp], podCidrs = [node.podCidr] } = node;
	const internalIp = internalIps.find((ip) => isOf(family, ip));
	return internalIp === undefined
		? undefined
		: { ...node, internalIp, podCidr: podCidrs.find((range) => isOf(family, range)) ?? "" };
}

/** All endpoints of a port, ready or not. The port of a slice has the name of the Service's port. A headless Service may have none. */
export function endpointsOf(
	slices: readonly SliceOfPorts[],
	family: Family,
	servicePort: Omit<PortObject, "port"> | undefined,
): EndpointState[] {
	const { name = "", protocol = "TCP" } = servicePort ?? {};
	const ofFamily = slices.filter(({ addressType }) => addressType === apiFamilies[family]);
	return ofFamily.flatMap((slice) => {
		const own = slice.ports?.find((port) => (port.name ?? "") === name && (port.protocol ?? "TCP") === protocol);
		const port = servicePort === undefined ? 0 : own?.port;
		return port === undefined ? [] : endpointStates(slice, port);
	});
}

/** What all views have in common, and what they choose from. */
export interface ViewedObjects
	extends Pick<ClusterSnapshot, "clients" | "nodes" | "kubeProxies" | "otherReaders" | "foreignNetwork"> {
	service: Service;
	families: Family[];
	/** Those of the Service's nodePort, TCP first. */
	ports: PortObject[];
	slices: SliceOfPorts[];
	dns?: { clusterIps: string[]; ports: PortObject[]; slices: SliceOfPorts[] } | undefined;
}

/** One view for each address family and protocol of the Service, the first family's first. */
export const familyViews = (objects: ViewedObjects): Omit<ClusterSnapshot, "unsettled">[] =>
	objects.families.flatMap((family) => objects.ports.map((port) => viewOf(objects, family, port)));

function viewOf(objects: ViewedObjects, family: Family, port: PortObject): Omit<ClusterSnapshot, "unsettled"> {
	const { service, slices, kubeProxies, otherReaders, foreignNetwork } = objects;
	const view = { family, protocol: protocolOf(port) };
	const dns = dnsIn(family, objects.dns);
	const { clusterIps = [service.clusterIp] } = service;
	return {
		...view,
		clients: objects.clients.flatMap((client) => clientIn(view, client)),
		nodes: objects.nodes.flatMap((node) => nodeIn(family, node) ?? []),
		service: {
			...service,
			clusterIp: clusterIps.find((ip) => isOf(family, ip)) ?? service.clusterIp,
			portName: port.name ?? "",
		},
		endpoints: endpointsOf(slices, family, port).filter(isUsable).map(toEndpoint),
		...(dns && { dns }),
		kubeProxies,
		...(otherReaders && { otherReaders }),
		...(foreignNetwork && { foreignNetwork }),
	};
}

/** Not if it can't send such packets. A pod that isn't running yet has no address. */
function clientIn({ family, protocol }: ViewName, client: PlacedClient): PlacedClient[] {
	if (protocol === "udp" && !client.getByUdp) return [];
	const { ip, ips = ip === undefined ? [] : [ip] } = client.place;
	const own = ips.find((one) => isOf(family, one));
	if (own === undefined) return ips.length > 0 ? [] : [client];
	const place: Place = { ...client.place, ip: own };
	return [{ ...client, place }];
}

/** Only one port is read: its endpoints are those of all ports. */
function dnsIn(family: Family, dns: ViewedObjects["dns"]): ClusterSnapshot["dns"] {
	const clusterIp = dns?.clusterIps.find((ip) => isOf(family, ip));
	if (!dns || clusterIp === undefined) return undefined;
	return { clusterIp, endpoints: endpointsOf(dns.slices, family, dns.ports[0]).filter(isUsable).map(toEndpoint) };
}

/** Why a view may not be up to date yet. @param wanted ready endpoints */
export function missingEndpoints({ service, endpoints }: Omit<ClusterSnapshot, "unsettled">, wanted: number): string[] {
	const ready = endpoints.filter(isReadyEndpoint).length;
	return ready === wanted ? [] : [`${ready} of ${wanted} endpoints of ${service.name} are ready`];
}

/** EndpointSlices follow pods with a delay. */
export function outdatedEndpoints(endpoints: readonly Endpoint[], pods: readonly V1Pod[]): string[] {
	const ready = new Map(pods.filter(isReady).map((pod) => [pod.metadata?.name, ipsOf(pod)]));
	const outdated = endpoints.filter(isReadyEndpoint).filter(({ pod, ip }) => !ready.get(pod)?.includes(ip));
	return outdated.map(({ pod, ip }) => `endpoint ${ip} isn't the address of a ready pod ${pod}`);
}
