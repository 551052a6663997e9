/** The sentence for each hop of a path: what a rule did to the packet and why, for readers who are new to netfilter. */
import { withPort } from "./address.ts";
import { isReceived, type KernelSetting, type Packet } from "./model.ts";
import type { Hook, HopRecord } from "./packet/state.ts";
import { messageOf } from "./rejection.ts";
import { purposes, type Role, roleOf } from "./roles.ts";

/** Facts about the whole path that a hop's sentence may use. */
export interface PathFacts {
	packet: Packet;
	node: string | undefined;
	/** The source address that the receiver sees, if it is known. */
	clientIp: string | undefined;
	masqueraded: boolean;
}

export const formatMark = (mark: number): string => `0x${mark.toString(16)}`;

/** @param previous the hop before, which shows whether the packet has just entered this chain */
export function sentence(hop: HopRecord, previous: HopRecord | undefined, facts: PathFacts): string {
	const text = `${entry(hop, previous, facts)}${act(hop, facts)}.`;
	// Names of chains keep their spelling, also at the start of a sentence.
	return text.startsWith(hop.chain) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** How the packet came to the chain; "" if the previous hop's sentence says so. */
function entry(hop: HopRecord, previous: HopRecord | undefined, { packet, node }: PathFacts): string {
	const place = `${hop.table} ${hop.chain}`;
	if (!previous) {
		const where = node ?? "this node";
		return isReceived(packet)
			? `the packet to ${target(hop)} arrives at ${where} and enters ${place}: `
			: `a process on ${where} sends a packet to ${target(hop)}; it enters ${place}: `;
	}
	const isFirstHook = hop.hook === "prerouting" && previous.hook === "ingress";
	if (previous.hook !== hop.hook && !isFirstHook)
		return `${routing[hop.hook](hop.destination.toString())} it enters ${place}: `;
	if (previous.baseChain !== hop.baseChain) return `next it enters ${place}: `;
	const expected = isCall(previous) && "to" in previous ? previous.to : previous.chain;
	if (expected === hop.chain) return "";
	return isCall(hop) ? `back in ${hop.chain}: ` : "then ";
}

/** A translated packet reached its destination, and the reply doesn't come back through the rules. */
export const lostReply = ({ name, value }: KernelSetting): string =>
	`The reply goes through the bridge from port to port, where no rules see it (${name} is ${value}): its source isn't translated back, and the client ignores it.`;

const isCall = (hop: HopRecord) => hop.effect === "jump" || hop.effect === "goto";

const target = ({ destination, destinationPort }: HopRecord): string => withPort(destination, destinationPort);

/** The kernel's routing decision between two hooks. */
const routing: Record<Hook, (address: string) => string> = {
	ingress: () => "the packet comes back through the loopback interface;",
	prerouting: () => "the packet comes back through the loopback interface;",
	input: (address) => `${address} is a local address, so the packet is delivered on this node;`,
	forward: (address) => `${address} isn't a local address, so the packet is forwarded;`,
	output: () => "a process on this node sends it;",
	postrouting: () => "on its way out",
	egress: () => "on its way out",
};

function act(hop: HopRecord, facts: PathFacts): string {
	const { chain } = hop;
	switch (hop.effect) {
		case "jump":
		case "goto":
			return call(hop, hop.to);
		case "return":
			return `${chain} returns: it has nothing to do for this packet`;
		case "mark":
			return mark(hop, hop.mark, facts);
		case "dnat":
			return `${chain} rewrites the destination from ${target(hop)} to ${hop.to} (DNAT)${chosen(hop)}`;
		case "snat":
			return `${chain} rewrites the source address to ${hop.to} (SNAT)`;
		case "masquerade":
			return masquerade(hop, hop.to);
		case "notrack":
			return hop.late
				? `${chain} excludes the packet from connection tracking, but too late: it is already tracked`
				: `${chain} excludes the packet from connection tracking, so no NAT rule applies to it`;
		case "update":
			return `${chain} stores the source address in ${hop.to}: this client's next connections go to the same endpoint`;
		case "accept":
			return `${chain} accepts the packet${reason(hop)}`;
		case "drop":
			return `${chain} drops the packet${reason(hop)}: the client gets no answer, and its request times out`;
		case "reject":
			return `${chain} rejects the packet with ${hop.with}${reason(hop)}: ${consequence(hop.with, "client")}`;
		case "unknown":
			return `it isn't known what ${chain} does with the packet: ${hop.reason}`;
	}
}

/** What the rejected sender notices. */
export function consequence(rejectedWith: string, whom: "sender" | "client"): string {
	const message = messageOf(rejectedWith);
	return message === undefined ? `the ${whom} gets an error` : `the ${whom} sees "${message}"`;
}

function call(hop: HopRecord, to: string): string {
	const role = roleOf(to, hop.table);
	const verb = hop.effect === "goto" ? "goes to" : "jumps to";
	return `${role ? cause(hop, role) : ""}it ${verb} ${to}${role ? `, ${purposes[role]}` : ""}`;
}

/** Why a rule sends the packet to a chain of that role; "" if the chain's purpose explains it. */
function cause(hop: HopRecord, to: Role): string {
	const from = roleOf(hop.chain, hop.table);
	switch (to) {
		case "nodePorts":
			return `${hop.destination} is a local address: `;
		case "external":
		case "firewall":
			if (from === "firewall") return `${object(hop)} allows its source address: `;
			return `${target(hop)} is ${isNodePort(hop, from) ? "a nodePort" : "an external address"} of ${object(hop)}: `;
		case "cluster":
			if (from === "services") return `${target(hop)} is the ClusterIP of ${object(hop)}: `;
			// Until Kubernetes 1.23 there was no chain for external traffic in between.
			if (isNodePort(hop, from)) return `${target(hop)} is a nodePort of ${object(hop)}: `;
			return exemption(hop);
		case "local":
			return `${from === "services" ? "internal" : "external"}TrafficPolicy Local keeps it on this node: `;
		case "endpoint":
			return isRemembered(hop)
				? `session affinity sends this client to ${object(hop)} again: `
				: `${object(hop)} is chosen: `;
		case "markMasquerade":
			if (from === "endpoint") return "the endpoint calls itself through the Service (hairpin): ";
			return from === "cluster" || from === "services" ? "the client isn't a pod of this cluster: " : "";
		default:
			return "";
	}
}

/** kube-proxy's comments name the traffic to which externalTrafficPolicy Local doesn't apply. */
function exemption({ comment = "" }: HopRecord): string {
	const [, whose] = comment.match(/(pod|local) traffic/i) ?? [];
	if (whose === undefined) return "";
	const who = whose === "pod" ? "the cluster's own pods" : "the node's own processes";
	return `externalTrafficPolicy Local doesn't apply to ${who}: `;
}

const isNodePort = ({ rule }: HopRecord, from: Role | undefined): boolean =>
	from === "nodePorts" || rule.includes("@service-nodeports");

const isRemembered = ({ rule }: HopRecord): boolean =>
	rule.includes("-m recent --rcheck") || rule.includes("@affinity-");

/** "Service default/nodeport-service", "endpoint 10.244.1.9:8080" */
function object({ object }: HopRecord): string {
	if (!object) return "a Service";
	if (object.kind === "Endpoint") return `endpoint ${object.name}`;
	return `${object.kind} ${object.namespace ? `${object.namespace}/` : ""}${object.name}`;
}

/** Chains that set the mark by which packets are masqueraded. */
const marksForMasquerade: (Role | undefined)[] = ["markMasquerade", "external", "services"];

function mark({ chain, table, markBefore }: HopRecord, after: number, facts: PathFacts): string {
	if ((after & ~markBefore) === 0) return `${chain} clears the mark (now ${formatMark(after)})`;
	const marks = `${chain} marks the packet with ${formatMark(after)}`;
	if (!facts.masqueraded || !marksForMasquerade.includes(roleOf(chain, table))) return marks;
	const seen = facts.clientIp ?? "an address of this node";
	return `${marks}: its source address will be rewritten on the way out, so the endpoint sees ${seen} instead of ${facts.packet.source}`;
}

function masquerade({ chain, sources }: HopRecord, to: string | undefined): string {
	const own = to === undefined ? "an address of this node" : `${to}, an address of this node`;
	return `${chain} rewrites the source address from ${sources.join(" or ")} to ${own} (masquerade), so replies come back through this node`;
}

/** In nftables mode a Service's chain chooses the endpoint and translates in one rule. */
const chosen = ({ rule }: HopRecord): string => (/numgen random mod (?!1 )/.test(rule) ? ", chosen at random" : "");

/** Why a rule accepts, drops or rejects the packet. */
function reason(hop: HopRecord): string {
	const { comment = "", chain, table, rule, effect } = hop;
	const role = roleOf(chain, table);
	if (rule.startsWith("policy ")) return ", because no rule accepted it and the chain's policy is DROP";
	if (/health check/.test(comment)) return `, because this is the health check port of ${object(hop)}`;
	if (role === "forward" && effect === "accept") {
		return /conntrack/.test(comment) ? ", because it belongs to a known connection" : ", because kube-proxy marked it";
	}
	if (role === "forward") return ", because conntrack can't assign it to a connection";
	if (/localnet/.test(comment)) return ", because only the node's own processes may use a loopback address";
	if (/invalid ports/i.test(comment)) return ", because no Service uses that port of this ClusterIP";
	if (/unallocated/i.test(comment)) return ", because no Service has this ClusterIP";
	if (role === "sourceRanges" || role === "firewall") {
		return `, because the loadBalancerSourceRanges of ${object(hop)} don't include its source address`;
	}
	if (role === "reject" || (role === "noEndpoints" && effect === "reject"))
		return `, because ${object(hop)} has no endpoints`;
	if (role === "noEndpoints")
		return `, because ${object(hop)} has no endpoint on this node and its traffic policy is Local`;
	return comment === "" ? "" : ` (its comment: "${comment}")`;
}
