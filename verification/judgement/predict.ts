/** Predicts results from the API objects alone. Measurements and the paths from the rules are compared with them. */
import ipaddr from "ipaddr.js";
import type { Node } from "../../kubernetes/model.ts";
import {
	type ClusterSnapshot,
	type Endpoint,
	isReadyEndpoint,
	type Place,
	viewName,
} from "../../kubernetes/snapshot.ts";
import { withPort } from "../../netfilter/address.ts";
import type { Family } from "../../netfilter/model.ts";
import { hostAndPort } from "../journey/destination.ts";
import type { Expected, ProxyMode, Target } from "../model.ts";
import type { Request } from "../request.ts";

export const loopbackAddress: Record<Family, string> = { ipv4: "127.0.0.1", ipv6: "::1" };

/** The targets of a client's requests: every node's nodePort and, inside the cluster, the pods, the ClusterIP and the name. */
export const targetsOf = (snapshot: ClusterSnapshot, place: Place, connectivity: Request["connectivity"]): Target[] =>
	addressesOf(snapshot, place, connectivity).map((target) => ({ ...target, ...viewName(snapshot) }));

function addressesOf(
	{ family, nodes, service, endpoints }: ClusterSnapshot,
	place: Place,
	connectivity: Request["connectivity"],
): Target[] {
	const external = nodes.map(
		({ name, internalIp }): Target => ({
			kind: "nodePort",
			address: withPort(internalIp, service.nodePort),
			node: name,
		}),
	);
	const own: Target[] =
		connectivity === "full" ? [{ kind: "nodePort", address: withPort(loopbackAddress[family], service.nodePort) }] : [];
	// Outside the cluster, pods and ClusterIPs aren't routed, and the cluster's names aren't resolved.
	if (place.network === "outside") return [...external, ...own];
	return [
		...external,
		...own,
		...endpoints
			.filter(isReadyEndpoint)
			.map(({ ip, port }): Target => ({ kind: "podIp", address: withPort(ip, port) })),
		{ kind: "clusterIp", address: withPort(service.clusterIp, service.port) },
		{ kind: "serviceDns", address: withPort(service.dnsName, service.port) },
	];
}

export const isLoopback = ({ address }: Target): boolean =>
	Object.values(loopbackAddress).includes(hostAndPort(address)?.host ?? "");

/**
 * Whether kube-proxy serves NodePorts on the loopback address to a node's own processes: only in iptables mode, and only for
 * IPv4, whose route_localnet lets such packets leave the node (pkg/proxy/iptables/proxier.go). nftables mode serves NodePorts
 * only on the node's primary addresses.
 */
const servesLoopback = (proxyMode: ProxyMode, family: Family): boolean => proxyMode === "iptables" && family === "ipv4";

/**
 * Where kube-proxy doesn't serve it, nothing listens there. But with policy Local, iptables mode drops packets for the NodePort
 * at all local addresses of a node without an endpoint (KUBE-EXTERNAL-SERVICES).
 */
function unservedLoopback(snapshot: ClusterSnapshot, proxyMode: ProxyMode, place: Place, target: Target): Expected {
	if (place.network !== "node" || proxyMode !== "iptables" || place.node === undefined) return { outcome: "refused" };
	const fromOutside = eligibleEndpoints(snapshot, { network: "outside" }, { ...target, node: place.node });
	return { outcome: fromOutside.length === 0 && snapshot.endpoints.length > 0 ? "timeout" : "refused" };
}

/** The node whose rules decide: the target's node, or the client's if the request doesn't go to a node's address. */
const entryNode = (place: Place, { node }: Target): string | undefined => node ?? place.node;

/**
 * Predicts which pods may answer a client's request, and which client address they see. Even if fewer pods are ready than
 * the lab promises, an answer is expected: a failed request is then a finding.
 */
export function expect(
	snapshot: ClusterSnapshot,
	promisedNodes: string[],
	proxyMode: ProxyMode,
	place: Place,
	target: Target,
): Expected {
	// The loopback address is the client's own. Only requests of a node's process meet kube-proxy's rules there.
	if (isLoopback(target) && !(place.network === "node" && servesLoopback(proxyMode, snapshot.family)))
		return unservedLoopback(snapshot, proxyMode, place, target);
	const eligible = eligibleEndpoints(snapshot, place, target);
	if (eligible.length === 0 && snapshot.endpoints.length > 0) return { outcome: "timeout" };
	const clientIps = new Set(eligible.map((endpoint) => predictedClient(snapshot, proxyMode, place, target, endpoint)));
	const [clientIp] = clientIps;
	const nodes = promisedNodes.length > 0 ? promisedNodes : [...new Set(eligible.map(({ node }) => node))];
	return {
		outcome: "ok",
		...(nodes.length > 0 && { nodes }),
		...(eligible.length > 0 && { podIps: eligible.map(({ ip }) => ip) }),
		...(clientIps.size === 1 && clientIp !== undefined && { clientIp }),
	};
}

/**
 * The endpoints that may answer. With externalTrafficPolicy Local, a NodePort leads only to endpoints on the entry node.
 * That doesn't apply to requests of the entry node's own pods and processes, which are handled like internal ones.
 */
export function eligibleEndpoints(snapshot: ClusterSnapshot, place: Place, target: Target): Endpoint[] {
	const { service, endpoints } = snapshot;
	if (target.kind === "podIp") return endpoints.filter(({ ip, port }) => withPort(ip, port) === target.address);
	const entry = entryNode(place, target);
	const confined = target.kind === "nodePort" && service.externalTrafficPolicy === "Local" && entry !== place.node;
	const serving = nodeUsesTerminating(snapshot, entry) ? endpoints : endpoints.filter(isReadyEndpoint);
	return preferred(confined ? serving.filter(({ node }) => node === entry) : serving);
}

/** Ready endpoints, or if there are none, those that still serve while they terminate (pkg/proxy/topology.go). */
export const preferred = (endpoints: readonly Endpoint[]): Endpoint[] => {
	const ready = endpoints.filter(isReadyEndpoint);
	return ready.length > 0 ? ready : [...endpoints];
};

/** kube-proxy uses terminating endpoints since 1.26 (feature gate ProxyTerminatingEndpoints). */
function nodeUsesTerminating({ nodes }: ClusterSnapshot, name: string | undefined): boolean {
	const version = nodes.find((node) => node.name === name)?.kubeletVersion ?? "";
	const [, minor] = version.match(/^v1\.(\d+)\./) ?? [];
	return minor === undefined || Number(minor) >= 26;
}

/**
 * The client address that an endpoint sees, if it is known. Another network plugin than kind's, or a replacement of
 * kube-proxy, may rewrite it in its own way; only an address that no node rewrites is known on every cluster.
 */
function predictedClient(
	snapshot: ClusterSnapshot,
	proxyMode: ProxyMode,
	place: Place,
	target: Target,
	endpoint: Endpoint,
): string | undefined {
	const ip = seenClient(snapshot, place, target, endpoint);
	const isKept = target.kind === "podIp" && place.network === "pod";
	return (snapshot.foreignNetwork || proxyMode === "none") && !isKept ? undefined : ip;
}

/**
 * The client address that an endpoint sees; undefined if it can't be predicted. An entry node that rewrites the source
 * uses its own address: the InternalIP towards other nodes, the pod-side address towards its own pods. If it doesn't
 * rewrite the source, a pod's packet from another node already has that node's address (the CNI's masquerade).
 */
function seenClient(snapshot: ClusterSnapshot, place: Place, target: Target, endpoint: Endpoint): string | undefined {
	const entry = target.kind === "nodePort" ? entryNode(place, target) : place.node;
	const node = snapshot.nodes.find(({ name }) => name === entry);
	const towardsEndpoint = node && (endpoint.node === entry ? podSideAddress(node) : node.internalIp);
	if (entry === place.node) {
		if (target.kind === "podIp") return place.network === "node" ? towardsEndpoint : place.ip;
		const external = target.kind === "nodePort" && snapshot.service.externalTrafficPolicy === "Cluster";
		const rewritten = external || place.network === "node" || place.ip === endpoint.ip;
		return rewritten ? towardsEndpoint : place.ip;
	}
	if (snapshot.service.externalTrafficPolicy === "Cluster") return towardsEndpoint;
	return place.network === "outside" ? place.ip : snapshot.nodes.find(({ name }) => name === place.node)?.internalIp;
}

/** The first address of the node's podCIDR. Point-to-point CNIs, such as kind's, assign it to the node's pod side. */
export function podSideAddress({ podCidr }: Node): string | undefined {
	if (!ipaddr.isValidCIDR(podCidr)) return undefined;
	const [network] = ipaddr.parseCIDR(podCidr);
	const bytes = network.toByteArray();
	bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + 1;
	return ipaddr.fromByteArray(bytes).toString();
}
