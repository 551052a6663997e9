/** Holds a node's rules against the API's endpoints: whether kube-proxy has written yet what it must. */
import ipaddr from "ipaddr.js";
import type { Node } from "../../kubernetes/model.ts";
import type { ClusterSnapshot, Place } from "../../kubernetes/snapshot.ts";
import { withPort } from "../../netfilter/address.ts";
import type { Packet, Path } from "../../netfilter/model.ts";
import { entryPacket } from "../journey/nodeNetwork.ts";
import type { Ruleset } from "../ruleset.ts";
import { eligibleEndpoints } from "./predict.ts";

/** Addresses of documentation (RFC 5737, RFC 3849): no client has them, so no node remembers where it led them. */
const stranger = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" };

/**
 * What is wrong with the node's rules, held against the API's endpoints, for packets of that client and of one outside
 * that the node never met: either may be led rightly while rules of before still lead the other. Undefined: nothing.
 */
export function ruleProblem(
	snapshot: ClusterSnapshot,
	client: Place,
	node: Node,
	ruleset: Ruleset,
): string | undefined {
	const outside: Place = { network: "outside" };
	const entry = entryPacket(snapshot, outside, node);
	const isRemembered = snapshot.service.sessionAffinity === "ClientIP";
	const ways = ruleset.walk({ ...entry, source: stranger[entry.family] });
	return (
		nodePortProblem(snapshot, client, node, ruleset.walk(entryPacket(snapshot, client, node)), { isRemembered }) ??
		nodePortProblem(snapshot, outside, node, ways) ??
		policyProblem(snapshot, node, ways) ??
		dnsProblem(snapshot, node, ruleset)
	);
}

/** @param isRemembered the client is led to one of the endpoints only, if the node remembers it */
function nodePortProblem(
	snapshot: ClusterSnapshot,
	client: Place,
	node: Node,
	ways: readonly Path[],
	{ isRemembered = false } = {},
): string | undefined {
	const target = {
		kind: "nodePort" as const,
		address: withPort(node.internalIp, snapshot.service.nodePort),
		node: node.name,
	};
	const eligible = eligibleEndpoints(snapshot, client, target).map(({ ip, port }) => withPort(ip, port));
	const none = snapshot.endpoints.length === 0 ? "reject" : "drop";
	const found = ways.map(({ outcome, endpoint }) => (endpoint ? withPort(endpoint.address, endpoint.port) : outcome));
	if (isBeyond(snapshot, found)) return undefined;
	const wanted = eligible.length > 0 ? eligible : [none];
	const needed = isRemembered ? found.slice(0, 1) : wanted;
	return difference(node, "lead to", found, "the Service's endpoints are", wanted, needed);
}

/**
 * A node with the only pods leads to the same ones under both policies: which it heeds shows in whose address they see.
 * Another network's rules may rewrite that by themselves.
 */
function policyProblem(snapshot: ClusterSnapshot, node: Node, ways: readonly Path[]): string | undefined {
	const policy = snapshot.service.externalTrafficPolicy;
	const isRewritten = policy === "Cluster";
	const all = ways.every(({ endpoint, masqueraded }) => endpoint === undefined || masqueraded === isRewritten);
	if (all || snapshot.foreignNetwork) return undefined;
	const does = isRewritten ? "keep" : "rewrite";
	return `${node.name}: its rules ${does} the address of a client outside, externalTrafficPolicy is ${policy}`;
}

/** A name is resolved by the rules of the node that asks: until they are right, it is not. */
function dnsProblem(snapshot: ClusterSnapshot, node: Node, ruleset: Ruleset): string | undefined {
	const { dns } = snapshot;
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
	if (isBeyond(snapshot, found)) return undefined;
	const wanted = dns.endpoints.map(({ ip }) => ip);
	return difference(node, "lead DNS to", found, "its endpoints are", wanted, wanted);
}

/** Another network's rules may be beyond the walk: nothing is known then of whether kube-proxy's are late. */
const isBeyond = ({ foreignNetwork }: ClusterSnapshot, found: string[]): boolean =>
	foreignNetwork === true && found.includes("unknown");

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
