/** The facts about a node's network that the API provides, and the packets that arrive at the node. */
import { nodeIn } from "../../kubernetes/familyViews.ts";
import type { Node } from "../../kubernetes/model.ts";
import type { NodeFacts } from "../../kubernetes/nodeFacts.ts";
import type { ClusterSnapshot, Place } from "../../kubernetes/snapshot.ts";
import { contains, parseAddress, parseRange } from "../../netfilter/address.ts";
import { Family, type NodeNetwork, type Packet } from "../../netfilter/model.ts";
import { loopbackAddress, podSideAddress } from "../judgement/predict.ts";

/**
 * A node's addresses and routes: to its own pods with the pods' gateway as source, to everything else with its InternalIP.
 * The API doesn't provide the names of interfaces.
 * @param facts what the node's kernel shows
 */
export function networkOf(node: Node, facts: NodeFacts = {}): NodeNetwork {
	const inFamilies = Family.options.flatMap((family) => nodeIn(family, node) ?? []);
	const assumedOwn = [...inFamilies.flatMap(ownAddresses), ...Object.values(loopbackAddress)];
	const localAddresses = facts.localAddresses ?? assumedOwn;
	const assumed = inFamilies.flatMap((one) => assumedRoutes(one, localAddresses));
	const known = routesOf(facts.routes ?? [], { ...facts, localAddresses }, assumed);
	return {
		node: node.name,
		localAddresses,
		routes: [...known, ...assumed.filter((route) => !known.some((one) => isIpv6(one) === isIpv6(route)))],
		...(facts.interfaces && { interfaces: facts.interfaces }),
		...(facts.sysctls && { sysctls: facts.sysctls }),
	};
}

type Route = NonNullable<NodeNetwork["routes"]>[number];

const ownAddresses = (node: Node): string[] => [node.internalIp, podSideAddress(node)].filter((ip) => ip !== undefined);

function assumedRoutes(node: Node, localAddresses: readonly string[]): Route[] {
	const gateway = podSideAddress(node);
	// Not every network plugin gives the node an address in its podCIDR.
	const source = gateway && localAddresses.includes(gateway) ? { source: gateway } : {};
	return [
		...(gateway ? [{ destination: node.podCidr, ...source }] : []),
		{ destination: node.internalIp.includes(":") ? "::/0" : "0.0.0.0/0", source: node.internalIp },
	];
}

const isIpv6 = ({ destination }: Route): boolean => destination.includes(":");

/** Adds the source that masquerading uses, if it is known. */
function routesOf(routes: NonNullable<NodeFacts["routes"]>, facts: NodeFacts, assumed: Route[]): Route[] {
	return routes.map((route) => {
		const source = sourceOf(route, facts, assumed);
		return { ...route, ...(source !== undefined && { source }) };
	});
}

/**
 * An address of the interface, if possible one whose network has the destination (inet_select_addr in net/ipv4/devinet.c).
 * Without the interfaces' addresses: the local address in a connected network, if there is one, or what the API shows.
 */
function sourceOf({ destination, interface: name }: Omit<Route, "source">, facts: NodeFacts, assumed: Route[]) {
	const isIpv6 = destination.includes(":");
	const all = facts.interfaces?.find((one) => one.name === name)?.addresses;
	const [first, ...others] = all?.filter((one) => one.includes(":") === isIpv6) ?? [];
	if (first) return ([first, ...others].find((one) => isWithin(destination, one)) ?? first).split("/")[0];
	const connected = destination.endsWith("/0")
		? []
		: (facts.localAddresses ?? []).filter((address) => isWithin(address, destination));
	if (connected.length === 1) return connected[0];
	const source = assumed.find(({ destination: range }) => isWithin(destination, range))?.source;
	return connected.length === 0 || (source !== undefined && connected.includes(source)) ? source : undefined;
}

/** Whether the address, or the first one of the range, is in the other range. */
function isWithin(text: string, range: string): boolean {
	const [address, wide] = [parseAddress(text.split("/")[0] ?? ""), parseRange(range)];
	return address !== undefined && wide !== undefined && contains(wide, address);
}

/** The first packet of a client's request to the node's nodePort, as that node's netfilter first sees it. */
export function entryPacket(snapshot: ClusterSnapshot, client: Place, node: Node): Packet {
	const own = client.node === node.name || client.network === "outside";
	const from = snapshot.nodes.find(({ name }) => name === client.node);
	return {
		family: snapshot.family,
		protocol: snapshot.protocol,
		// A pod's packet to another node's address leaves its own node with that node's address: the CNI masquerades it.
		source: (own ? client.ip : from?.internalIp) ?? "",
		destination: node.internalIp,
		destinationPort: snapshot.service.nodePort,
		received: true,
		mark: 0,
		ctstate: "NEW",
	};
}
