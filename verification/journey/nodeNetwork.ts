/** What the API tells of a node's network, and of the packets that come to it. */
import ipaddr from "ipaddr.js";
import type { Node } from "../../kubernetes/model.ts";
import type { ClusterSnapshot, Place } from "../../kubernetes/snapshot.ts";
import type { NodeNetwork, Packet } from "../../netfilter/model.ts";
import { podSideAddress } from "../judgement/predict.ts";

/** Stand-ins for what the API does not tell: no rule of kube-proxy asks for the name of an interface. */
export const podInterface = "veth0";
export const nodeInterface = "eth0";

/**
 * What the API tells of a node's addresses and routes: its own pods are behind an interface each, with the pods' gateway
 * as source, everything else by its first interface. The names of interfaces are stand-ins: no rule of kube-proxy asks.
 */
export function networkOf(node: Node): NodeNetwork {
	const gateway = podSideAddress(node);
	const everywhere = ipaddr.IPv6.isValid(node.internalIp) ? "::/0" : "0.0.0.0/0";
	const podRoute = gateway && { destination: node.podCidr, interface: podInterface, source: gateway };
	return {
		node: node.name,
		localAddresses: [node.internalIp, gateway, "127.0.0.1", "::1"].filter((ip) => ip !== undefined),
		routes: [
			...(podRoute ? [podRoute] : []),
			{ destination: everywhere, interface: nodeInterface, source: node.internalIp },
		],
	};
}

/** The first packet of a client's request to the node's nodePort, as that node's netfilter meets it. */
export function entryPacket(snapshot: ClusterSnapshot, client: Place, node: Node): Packet {
	const own = client.node === node.name;
	const from = snapshot.nodes.find(({ name }) => name === client.node);
	return {
		family: ipaddr.IPv6.isValid(node.internalIp) ? "ipv6" : "ipv4",
		protocol: "tcp",
		// A pod's packet to another node's address leaves its own node with that node's address: the CNI masquerades it.
		source: (own ? client.ip : from?.internalIp) ?? "",
		destination: node.internalIp,
		destinationPort: snapshot.service.nodePort,
		inInterface: own ? podInterface : nodeInterface,
		mark: 0,
		ctstate: "NEW",
	};
}
