/** The sentences of a path: what each rule did to the packet and why, for somebody who sees such rules the first time. */

import { withPort } from "./address.ts";
import type { Packet } from "./model.ts";
import { messageOf } from "./rejection.ts";
import { purposes, type Role, roleOf } from "./roles.ts";
import type { Hook, Step } from "./state.ts";

/** What a sentence may tell beforehand, because the path's end is known. */
export interface PathFacts {
	packet: Packet;
	node: string | undefined;
	/** The source that the receiver sees, where it is known. */
	clientIp: string | undefined;
	masqueraded: boolean;
}

export const formatMark = (mark: number): string => `0x${mark.toString(16)}`;

/** One sentence for one rule; the step before it says whether the packet has just come to this chain. */
export function sentence(step: Step, previous: Step | undefined, facts: PathFacts): string {
	const text = `${arrival(step, previous, facts)}${act(step, facts)}.`;
	// Names of chains and addresses are written as the rules write them, even where they begin the sentence.
	const beginsWithName = [step.chain, step.destination.toString(), addressee(step)].some((name) =>
		text.startsWith(name),
	);
	return beginsWithName ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** How the packet came to the chain; "" where the step before said so. */
function arrival(step: Step, previous: Step | undefined, { packet, node }: PathFacts): string {
	const place = `${step.table} ${step.chain}`;
	if (!previous) {
		const where = node === undefined ? "this node" : node;
		return packet.inInterface === undefined
			? `a process of ${where} sends a packet to ${addressee(step)}; it enters ${place}: `
			: `on ${where} the packet for ${addressee(step)} enters ${place}: `;
	}
	if (previous.hook !== step.hook) return `${routing[step.hook](step.destination.toString())} it enters ${place}: `;
	if (previous.baseChain !== step.baseChain) return `next it enters ${place}: `;
	const expected = isCall(previous) && "to" in previous ? previous.to : previous.chain;
	if (expected === step.chain) return "";
	return isCall(step) ? `back in ${step.chain}: ` : "after that ";
}

const isCall = (step: Step) => step.effect === "jump" || step.effect === "goto";

const addressee = ({ destination, destinationPort }: Step): string => withPort(destination, destinationPort);

/** Between two hooks the kernel decides where the packet goes. */
const routing: Record<Hook, (address: string) => string> = {
	prerouting: () => "it comes back in by the node's own loopback interface;",
	input: (address) => `${address} is an address of this node, so the packet is delivered here;`,
	forward: (address) => `${address} is no address of this node, so the packet is forwarded;`,
	output: () => "a process of this node sends it;",
	postrouting: () => "on its way out",
};

function act(step: Step, facts: PathFacts): string {
	const { chain } = step;
	switch (step.effect) {
		case "jump":
		case "goto":
			return call(step, step.to);
		case "return":
			return `${chain} has nothing to do for this packet, which goes back to where it came from`;
		case "mark":
			return mark(step, step.mark, facts);
		case "dnat":
			return `${chain} rewrites its destination from ${addressee(step)} to ${step.to} (DNAT)${chosen(step)}`;
		case "snat":
			return `${chain} rewrites its source to ${step.to} (SNAT)`;
		case "masquerade":
			return masquerade(step, step.to);
		case "notrack":
			return step.late
				? `${chain} would keep conntrack from it, which has seen it already`
				: `${chain} keeps conntrack from it, so that no NAT touches it`;
		case "update":
			return `${chain} remembers its source in ${step.to}: this client's next connections go to the same endpoint`;
		case "accept":
			return `${chain} accepts it${reason(step)}`;
		case "drop":
			return `${chain} drops it${reason(step)}: the sender hears nothing, and its request times out`;
		case "reject":
			return `${chain} rejects it with ${step.with}${reason(step)}: ${consequence(step.with, "sender")}`;
		case "unknown":
			return `what ${chain} does with it cannot be told: ${step.reason}`;
	}
}

/** What a rejection tells whoever is behind the packet. */
export function consequence(rejectedWith: string, whom: "sender" | "client"): string {
	const message = messageOf(rejectedWith);
	return message === undefined ? `the ${whom} is told that it does not pass` : `the ${whom} sees "${message}"`;
}

function call(step: Step, to: string): string {
	const role = roleOf(to, step.table);
	return `${role ? cause(step, role) : ""}it goes to ${to}${role ? `, ${purposes[role]}` : ""}`;
}

/** Why a chain hands a packet to one of that role; "" where the chain's purpose says it. */
function cause(step: Step, to: Role): string {
	const from = roleOf(step.chain, step.table);
	switch (to) {
		case "nodePorts":
			return `${step.destination} is an address of this node: `;
		case "external":
		case "firewall":
			if (from === "firewall") return `its source is one that ${object(step)} allows: `;
			return `${addressee(step)} is ${isNodePort(step, from) ? "a nodePort" : "an external address"} of ${object(step)}: `;
		case "cluster":
			if (from === "services") return `${addressee(step)} is the ClusterIP of ${object(step)}: `;
			// Until Kubernetes 1.23 without a chain for external traffic in between.
			if (isNodePort(step, from)) return `${addressee(step)} is a nodePort of ${object(step)}: `;
			return exemption(step);
		case "local":
			return `by ${from === "services" ? "internal" : "external"}TrafficPolicy Local it must stay on this node: `;
		case "endpoint":
			return isRemembered(step)
				? `this client was sent to ${object(step)} before, and session affinity keeps it there: `
				: `${object(step)} is chosen: `;
		case "markMasquerade":
			if (from === "endpoint") return "the client is the endpoint itself (hairpin): ";
			return from === "cluster" || from === "services" ? "the client is none of the cluster's pods: " : "";
		default:
			return "";
	}
}

/** Who is served by all endpoints, although externalTrafficPolicy is Local: kube-proxy's comments tell. */
function exemption({ comment = "" }: Step): string {
	const [, whose] = comment.match(/(pod|local) traffic/i) ?? [];
	if (whose === undefined) return "";
	const who = whose === "pod" ? "the cluster's own pods" : "the node's own traffic";
	return `for ${who} externalTrafficPolicy Local does not count: `;
}

const isNodePort = ({ rule }: Step, from: Role | undefined): boolean =>
	from === "nodePorts" || rule.includes("@service-nodeports");

const isRemembered = ({ rule }: Step): boolean => rule.includes("-m recent --rcheck") || rule.includes("@affinity-");

/** "Service default/nodeport-service", "endpoint 10.244.1.9:8080" */
function object({ object }: Step): string {
	if (!object) return "a Service";
	if (object.kind === "Endpoint") return `endpoint ${object.name}`;
	return `${object.kind} ${object.namespace ? `${object.namespace}/` : ""}${object.name}`;
}

/** Chains whose mark asks KUBE-POSTROUTING or masquerading to rewrite the source. */
const marksForMasquerade: (Role | undefined)[] = ["markMasquerade", "external", "services"];

function mark({ chain, table, markBefore }: Step, after: number, facts: PathFacts): string {
	if ((after & ~markBefore) === 0) return `${chain} clears its mark (${formatMark(after)})`;
	const marks = `${chain} marks it ${formatMark(after)}`;
	if (!facts.masqueraded || !marksForMasquerade.includes(roleOf(chain, table))) return marks;
	const seen = facts.clientIp ?? "an address of this node";
	return `${marks}: its source will be rewritten on the way out, so the endpoint sees ${seen}, not ${facts.packet.source}`;
}

function masquerade({ chain, sources }: Step, to: string | undefined): string {
	const own = to === undefined ? "an address of this node" : `${to}, an address of this node`;
	return `${chain} rewrites its source from ${sources.join(" or ")} to ${own} (masquerade), so that the answer comes back this way`;
}

/** Of nftables mode, where a Service's chain draws the endpoint and translates at once. */
const chosen = ({ rule }: Step): string => (/numgen random mod (?!1 )/.test(rule) ? ", chosen at random" : "");

function reason(step: Step): string {
	const { comment = "", chain, table, rule, effect } = step;
	const role = roleOf(chain, table);
	if (rule.startsWith("policy ")) return ", as it does with whatever no rule accepts";
	if (/health check/.test(comment)) return `: it is for the health check of ${object(step)}`;
	if (role === "forward" && effect === "accept") {
		return /conntrack/.test(comment) ? ", since conntrack knows its connection" : ", since kube-proxy has marked it";
	}
	if (role === "forward") return ", since conntrack cannot place it";
	if (role === "localnet") return ", since it comes from elsewhere for an address that is no one's but the node's own";
	if (/invalid ports/i.test(comment)) return ", since no Service has that port at this ClusterIP";
	if (/unallocated/i.test(comment)) return ", since no Service has this ClusterIP";
	if (role === "sourceRanges" || role === "firewall") {
		return `, since its source is not among the loadBalancerSourceRanges of ${object(step)}`;
	}
	if (role === "reject" || (role === "noEndpoints" && effect === "reject"))
		return `, since ${object(step)} has no endpoints`;
	if (role === "noEndpoints")
		return `, since ${object(step)} has no endpoint on this node and its policy Local allows no other`;
	return "";
}
