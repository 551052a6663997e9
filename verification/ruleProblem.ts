/** Holds a node's rules against the API's endpoints: whether kube-proxy has written yet what it must. */
import ipaddr from "ipaddr.js";
import type { Node, Packet } from "./model.ts";
import { entryPacket } from "./nodeNetwork.ts";
import { eligibleEndpoints } from "./predict.ts";
import { withPort } from "./rules/address.ts";
import type { Ruleset } from "./ruleset.ts";
import type { Place, View } from "./view.ts";

/** What is wrong with the node's rules for that packet, held against the API's endpoints; undefined: nothing. */
export function ruleProblem(view: View, client: Place, node: Node, ruleset: Ruleset): string | undefined {
	const target = {
		kind: "nodePort" as const,
		address: withPort(node.internalIp, view.service.nodePort),
		node: node.name,
	};
	const eligible = eligibleEndpoints(view, client, target).map(({ ip, port }) => withPort(ip, port));
	const none = view.endpoints.length === 0 ? "reject" : "drop";
	const found = ruleset
		.walk(entryPacket(view, client, node))
		.map(({ outcome, endpoint }) => (endpoint ? withPort(endpoint.address, endpoint.port) : outcome));
	// Another network's rules may be beyond the walk: nothing is known then of whether kube-proxy's are late.
	if (view.foreignNetwork && found.includes("unknown")) return undefined;
	const wanted = eligible.length > 0 ? eligible : [none];
	// A client that the node remembers is led to one of them only.
	const some = view.service.sessionAffinity === "ClientIP" ? found.slice(0, 1) : wanted;
	return (
		difference(node, "lead to", found, "the Service's endpoints are", wanted, some) ?? dnsProblem(view, node, ruleset)
	);
}

/** A name is resolved by the rules of the node that asks: until they are right, it is not. */
function dnsProblem({ dns }: View, node: Node, ruleset: Ruleset): string | undefined {
	if (!dns || dns.endpoints.length === 0) return undefined;
	const query: Packet = {
		family: ipaddr.IPv6.isValid(dns.clusterIp) ? "ipv6" : "ipv4",
		protocol: "udp",
		source: node.internalIp,
		destination: dns.clusterIp,
		destinationPort: 53,
		mark: 0,
		ctstate: "NEW",
	};
	const found = ruleset.walk(query).map(({ outcome, endpoint }) => endpoint?.address ?? outcome);
	const wanted = dns.endpoints.map(({ ip }) => ip);
	return difference(node, "lead DNS to", found, "its endpoints are", wanted, wanted);
}

/** @param needed those of the wanted ends that must be among the found ones */
function difference(
	node: Node,
	verb: string,
	found: string[],
	are: string,
	wanted: string[],
	needed: string[],
): string | undefined {
	if (needed.every((end) => found.includes(end)) && found.every((end) => wanted.includes(end))) return undefined;
	return `${node.name}: its rules ${verb} ${found.join(", ")}, ${are} ${wanted.join(", ")}`;
}
