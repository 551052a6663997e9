/** What must happen, from the API objects alone: the measurement and the walk through the rules are held against it. */
import ipaddr from "ipaddr.js";
import type { Node } from "../../kubernetes/model.ts";
import type { ClusterSnapshot, Endpoint, Place } from "../../kubernetes/snapshot.ts";
import { withPort } from "../../netfilter/address.ts";
import type { Expected, ProxyMode, Target } from "../model.ts";
import type { Request } from "../request.ts";

const loopback = "127.0.0.1";

/** Where a client's requests go: what it can reach of every node's NodePort, the pods, the ClusterIP and the name. */
export function targetsOf(
	{ nodes, service, endpoints }: ClusterSnapshot,
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
		connectivity === "full" ? [{ kind: "nodePort", address: withPort(loopback, service.nodePort) }] : [];
	// Nothing routes to pods, ClusterIPs and the cluster's names from outside.
	if (place.network === "outside") return [...external, ...own];
	return [
		...external,
		...own,
		...endpoints.map(({ ip, port }): Target => ({ kind: "podIp", address: withPort(ip, port) })),
		{ kind: "clusterIp", address: withPort(service.clusterIp, service.port) },
		{ kind: "serviceDns", address: withPort(service.dnsName, service.port) },
	];
}

export const isLoopback = ({ address }: Target): boolean => address.startsWith(`${loopback}:`);

/** The node whose rules decide: a NodePort's own, unless the request never leaves the client's node. */
const entryNode = (place: Place, { node }: Target): string | undefined => node ?? place.node;

/**
 * Who must answer a request of a client to a target, and which client address the endpoint must see. Where fewer pods
 * are ready than the lab promises, the promise stands: the request must be answered, and its failure is a finding.
 */
export function expect(
	snapshot: ClusterSnapshot,
	promisedNodes: string[],
	proxyMode: ProxyMode,
	place: Place,
	target: Target,
): Expected {
	// 127.0.0.1 is the client's own: only a node's process meets kube-proxy's rules there, and only in iptables mode
	// (nftables mode serves NodePorts on the node's primary addresses alone).
	if (isLoopback(target) && !(place.network === "node" && proxyMode === "iptables")) return { outcome: "refused" };
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
 * The endpoints that may answer. externalTrafficPolicy Local keeps a NodePort on the entry node's own endpoints, but
 * not for that node's own pods and processes: their request never left the cluster, and is served like an internal one.
 */
export function eligibleEndpoints(snapshot: ClusterSnapshot, place: Place, target: Target): Endpoint[] {
	const { service, endpoints } = snapshot;
	if (target.kind === "podIp") return endpoints.filter(({ ip, port }) => withPort(ip, port) === target.address);
	const entry = entryNode(place, target);
	const confined = target.kind === "nodePort" && service.externalTrafficPolicy === "Local" && entry !== place.node;
	return confined ? endpoints.filter(({ node }) => node === entry) : endpoints;
}

/**
 * The client address that an endpoint must see, where that is known of this cluster: whose network is not kind's, or
 * whose Services something else serves, may rewrite it otherwise. What no node rewrites is known anywhere.
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
 * The client address that an endpoint sees; undefined where that is not known beforehand.
 * Where the entry node rewrites the source, it takes its own: the InternalIP towards other nodes, the pod-side address
 * towards its own pods. Where it does not, a pod's packet to another node's address has already taken its own node's
 * address when it left (the CNI's masquerade).
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

/** The first address of the node's podCIDR: what point-to-point CNIs, kind's among them, give the node's pod side. */
export function podSideAddress({ podCidr }: Node): string | undefined {
	if (!ipaddr.isValidCIDR(podCidr)) return undefined;
	const [network] = ipaddr.parseCIDR(podCidr);
	const bytes = network.toByteArray();
	bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + 1;
	return ipaddr.fromByteArray(bytes).toString();
}
