/** Reads every node's rules with the tools that wrote them, and walks the client's packet through them. */
import ipaddr from "ipaddr.js";
import type { Cluster } from "./cluster.ts";
import type { Backend, Node, NodeNetwork, Packet, Path, ProxyMode, Service } from "./model.ts";
import { address, eligibleEndpoints, podSideAddress } from "./predict.ts";
import type { Runner } from "./request.ts";
import { type IptablesTables, parseIptablesSave, problemsOf as problemsOfIptables } from "./rules/iptables/parse.ts";
import { parseRecent, printRecent } from "./rules/iptables/recent.ts";
import { iptablesRulesOf } from "./rules/iptables/rulesOf.ts";
import { walkIptables } from "./rules/iptables/walk.ts";
import { parseNftables, problemsOf as problemsOfNftables } from "./rules/nftables/parse.ts";
import { nftablesRulesOf } from "./rules/nftables/rulesOf.ts";
import { nativeTables, walkNftables } from "./rules/nftables/walk.ts";
import { type RuleText, ruleOfIptables, ruleOfNftables } from "./trace/compare.ts";
import type { Place, View } from "./view.ts";

/** Stand-ins for what the API does not tell: no rule of kube-proxy asks for the name of an interface. */
export const podInterface = "veth0";
export const nodeInterface = "eth0";

/** Longest time to read one node's rules. */
export const readSeconds = 15;

/** One node's rules, ready to be walked, whichever tool keeps them. */
export interface Ruleset {
	backend: Backend;
	proxyMode: ProxyMode;
	walk(packet: Packet): Path[];
	/** The raw lines that name the Service, and those of the chains that they lead to. */
	rulesOf(service: Service): string[];
	/** What a walk would not understand: "line 12: -A … ("-m x" is not understood)". Reads every rule. */
	notUnderstood(): string[];
	/** The rule of a step that the kernel traced, as the hops of a walk write it. */
	ruleText: RuleText;
}

/** @throws where no pod on the node can read its rules, or none of them is kube-proxy's */
export async function readRuleset(cluster: Cluster, view: View, node: Node): Promise<Ruleset> {
	const reader = view.kubeProxies.get(node.name);
	if (!reader) throw new Error(`${node.name} runs no kube-proxy pod: its rules cannot be read`);
	const network = networkOf(node);
	const saved = await read(cluster, reader, ["iptables-save", "-c"]);
	const tables = parseIptablesSave(saved);
	if (saved.includes(":KUBE-SERVICES")) {
		// Session affinity: a client that is remembered is led past the draw of lots.
		const remembered = saved.includes(" -m recent ")
			? parseRecent(await read(cluster, reader, printRecent))
			: new Map();
		return {
			backend: /nf_tables/.test(saved) ? "iptables-nft" : "iptables-legacy",
			proxyMode: "iptables",
			walk: (packet) => walkIptables(tables, packet, network, { affinity: remembered.get(packet.source) }),
			rulesOf: (service) => iptablesRulesOf(tables, service),
			notUnderstood: () => iptablesLines(tables),
			ruleText: ruleOfIptables,
		};
	}
	const listed = await read(cluster, reader, ["nft", "-j", "list", "ruleset"]);
	const ruleset = parseNftables(listed);
	return {
		backend: "nftables",
		proxyMode: "nftables",
		// What the kubelet and the CNI wrote by iptables meets the packet too.
		walk: (packet) => walkNftables(ruleset, packet, network, { iptables: tables }),
		rulesOf: (service) => nftablesRulesOf(ruleset, service),
		notUnderstood: () => [...iptablesLines(tables), ...problemsOfNftables(nativeTables(ruleset, tables))],
		ruleText: ruleOfNftables(ruleset, tables),
	};
}

/** Those of every node. One that cannot tell its rules is missing: that matters only to packets that pass it. */
export async function readRulesets(
	cluster: Cluster,
	view: View,
	say: (line: string) => void,
): Promise<Map<string, Ruleset>> {
	const read = await Promise.allSettled(view.nodes.map((node) => readRuleset(cluster, view, node)));
	return new Map(
		view.nodes.flatMap(({ name }, i) => {
			const result = read[i];
			if (result?.status === "fulfilled") return [[name, result.value] as const];
			say(`the rules of ${name} cannot be read: ${result?.reason.message}`);
			return [];
		}),
	);
}

const iptablesLines = (tables: IptablesTables): string[] =>
	problemsOfIptables(tables).map(({ line, text, reason }) => `line ${line}: ${text} (${reason})`);

async function read(cluster: Cluster, reader: Runner, program: string[]): Promise<string> {
	const { code, stdout, stderr } = await cluster.run(reader, program, readSeconds);
	if (code !== 0) throw new Error(`${program.join(" ")} failed: ${stderr.trim() || `exit code ${code}`}`);
	return stdout;
}

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
export function entryPacket(view: View, client: Place, node: Node): Packet {
	const own = client.node === node.name;
	const from = view.nodes.find(({ name }) => name === client.node);
	return {
		family: ipaddr.IPv6.isValid(node.internalIp) ? "ipv6" : "ipv4",
		protocol: "tcp",
		// A pod's packet to another node's address leaves its own node with that node's address: the CNI masquerades it.
		source: (own ? client.ip : from?.internalIp) ?? "",
		destination: node.internalIp,
		destinationPort: view.service.nodePort,
		inInterface: own ? podInterface : nodeInterface,
		mark: 0,
		ctstate: "NEW",
	};
}

/** What is wrong with the node's rules for that packet, held against the API's endpoints; undefined: nothing. */
export function ruleProblem(view: View, client: Place, node: Node, ruleset: Ruleset): string | undefined {
	const target = {
		kind: "nodePort" as const,
		address: address(node.internalIp, view.service.nodePort),
		node: node.name,
	};
	const eligible = eligibleEndpoints(view, client, target).map(({ ip, port }) => address(ip, port));
	const none = view.endpoints.length === 0 ? "reject" : "drop";
	const found = ruleset
		.walk(entryPacket(view, client, node))
		.map(({ outcome, endpoint }) => (endpoint ? address(endpoint.address, endpoint.port) : outcome));
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
