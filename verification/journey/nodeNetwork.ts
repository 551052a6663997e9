/** The facts about a node's network that the API provides, and the packets that arrive at the node. */
import ipaddr from "ipaddr.js";
import type { Node } from "../../kubernetes/model.ts";
import type { ClusterSnapshot, Place } from "../../kubernetes/snapshot.ts";
import type { NodeNetwork, Packet } from "../../netfilter/model.ts";
import { podSideAddress } from "../judgement/predict.ts";

/**
 * A node's addresses and routes: to its own pods with the pods' gateway as source, to everything else with its InternalIP.
 * The API doesn't provide the names of interfaces.
 */
export function networkOf(node: Node & Pick<NodeNetwork, "sysctls">): NodeNetwork {
	const gateway = podSideAddress(node);
	const everywhere = ipaddr.IPv6.isValid(node.internalIp) ? "::/0" : "0.0.0.0/0";
	return {
		node: node.name,
		localAddresses: [node.internalIp, gateway, "127.0.0.1", "::1"].filter((ip) => ip !== undefined),
		routes: [
			...(gateway ? [{ destination: node.podCidr, source: gateway }] : []),
			{ destination: everywhere, source: node.internalIp },
		],
		...(node.sysctls && { sysctls: node.sysctls }),
	};
}

/** The first packet of a client's request to the node's nodePort, as that node's netfilter first sees it. */
export function entryPacket(snapshot: ClusterSnapshot, client: Place, node: Node): Packet {
	const own = client.node === node.name || client.network === "outside";
	const from = snapshot.nodes.find(({ name }) => name === client.node);
	return {
		family: ipaddr.IPv6.isValid(node.internalIp) ? "ipv6" : "ipv4",
		protocol: "tcp",
		// A pod's packet to another node's address leaves its own node with that node's address: the CNI masquerades it.
		source: (own ? client.ip : from?.internalIp) ?? "",
		destination: node.internalIp,
		destinationPort: snapshot.service.nodePort,
		received: true,
		mark: 0,
		ctstate: "NEW",
	};
}
