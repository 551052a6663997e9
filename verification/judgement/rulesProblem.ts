/** Compares a node's rules with the API objects: kube-proxy may not have written a change yet. */
import type { Node } from "../../kubernetes/model.ts";
import type { ClusterSnapshot, Place } from "../../kubernetes/snapshot.ts";
import { withPort } from "../../netfilter/address.ts";
import type { Packet, Path } from "../../netfilter/model.ts";
import { entryPacket } from "../journey/nodeNetwork.ts";
import type { RulesProblem } from "../nodeProblem.ts";
import type { Ruleset } from "../ruleset.ts";
import { eligibleEndpoints, preferred } from "./predict.ts";

/** Documentation addresses (RFC 5737, RFC 3849): no client has them, so session affinity remembers none of them. */
export const stranger = { ipv4: "192.0.2.1", ipv6: "2001:db8::1" };

/**
 * What is wrong with the node's rules for packets of that client, and of a client outside that the node has never seen:
 * the rules may be right for one of them and outdated for the other.
 */
export function rulesProblem(
	snapshot: ClusterSnapshot,
	client: Place,
	node: Node,
	ruleset: Ruleset,
): RulesProblem | undefined {
	const outside: Place = { network: "outside" };
	const entry = entryPacket(snapshot, outside, node);
	const isRemembered = snapshot.service.sessionAffinity === "ClientIP";
	const paths = ruleset.walk({ ...entry, source: stranger[entry.family] });
	return (
		nodePortProblem(snapshot, client, node, ruleset.walk(entryPacket(snapshot, client, node)), { isRemembered }) ??
		nodePortProblem(snapshot, outside, node, paths) ??
		policyProblem(snapshot, paths) ??
		dnsProblem(snapshot, node, ruleset)
	);
}

/** @param isRemembered session affinity may lead the client to only one of the endpoints */
function nodePortProblem(
	snapshot: ClusterSnapshot,
	client: Place,
	{ name, internalIp }: Node,
	paths: readonly Path[],
	{ isRemembered = false } = {},
): RulesProblem | undefined {
	const target = { kind: "nodePort" as const, address: withPort(internalIp, snapshot.service.nodePort), node: name };
	const eligible = eligibleEndpoints(snapshot, client, target).map(({ ip, port }) => withPort(ip, port));
	const withoutEndpoint = snapshot.endpoints.length === 0 ? "reject" : "drop";
	const observed = paths.map(({ outcome, endpoint }) =>
		endpoint ? withPort(endpoint.address, endpoint.port) : outcome,
	);
	const expected = eligible.length > 0 ? eligible : [withoutEndpoint];
	const required = isRemembered ? observed.slice(0, 1) : expected;
	if (mayBeForeign(snapshot, observed) || agree(expected, observed, required)) return undefined;
	const foreign = foreignRule(paths);
	return { kind: "endpoints", expected, observed, ...(foreign && { foreign }) };
}

/** The rule of another program that decides a path first: it translates, drops or rejects the packet. */
function foreignRule(paths: readonly Path[]): { owner: string; rule: string } | undefined {
	const deciding = paths.flatMap(
		({ hops }) => hops.find(({ effect }) => ["dnat", "drop", "reject"].includes(effect)) ?? [],
	);
	const foreign = deciding.find(({ owner }) => owner !== undefined && owner !== "kube-proxy");
	return foreign?.owner === undefined ? undefined : { owner: foreign.owner, rule: foreign.rule };
}

/**
 * Both policies lead to the same pods if only one node has any; they differ in the source address that the pod sees.
 * Another CNI's rules may rewrite it as well.
 */
function policyProblem(snapshot: ClusterSnapshot, paths: readonly Path[]): RulesProblem | undefined {
	const expected = snapshot.service.externalTrafficPolicy;
	const isRewritten = expected === "Cluster";
	const ok = paths.every(({ endpoint, masqueraded }) => endpoint === undefined || masqueraded === isRewritten);
	if (ok || snapshot.foreignNetwork) return undefined;
	return { kind: "policy", expected, observed: isRewritten ? "kept" : "rewritten" };
}

/** The rules of the client's node lead its queries to the DNS pods. */
function dnsProblem(snapshot: ClusterSnapshot, node: Node, ruleset: Ruleset): RulesProblem | undefined {
	const { dns } = snapshot;
	if (!dns || dns.endpoints.length === 0) return undefined;
	const query: Packet = {
		family: snapshot.family,
		protocol: "udp",
		source: node.internalIp,
		destination: dns.clusterIp,
		destinationPort: 53,
		mark: 0,
		ctstate: "NEW",
	};
	const paths = ruleset.walk(query);
	// NodeLocal DNSCache serves the address on the node itself, and excludes its queries from connection tracking.
	if (paths.every(({ hops }) => hops.some(({ effect }) => effect === "notrack"))) return undefined;
	const observed = paths.map(({ outcome, endpoint }) => endpoint?.address ?? outcome);
	const expected = preferred(dns.endpoints).map(({ ip }) => ip);
	if (mayBeForeign(snapshot, observed) || agree(expected, observed, expected)) return undefined;
	return { kind: "dns", expected, observed };
}

/** Rules of another CNI that can't be evaluated don't show whether kube-proxy's are outdated. */
const mayBeForeign = ({ foreignNetwork }: ClusterSnapshot, observed: string[]): boolean =>
	foreignNetwork === true && observed.includes("unknown");

/** @param required the expected ends that must be among the observed ones */
const agree = (expected: string[], observed: string[], required: string[]): boolean =>
	required.every((end) => observed.includes(end)) && observed.every((end) => expected.includes(end));
