/** A packet between two rules: what rules can see of it, and the hops so far. Immutable. */

import { type Address, parseAddress } from "../address.ts";
import {
	type Family,
	isReceived,
	type KernelSetting,
	type ObjectReference,
	type Packet,
	type Protocol,
} from "../model.ts";
import type { Conntrack } from "./conntrack.ts";

/** The hooks of IP packets, and before and after them those of devices, in which a walk follows a packet. */
export const hooks = ["ingress", "prerouting", "input", "forward", "output", "postrouting", "egress"] as const;

export type Hook = (typeof hooks)[number];

export interface PacketState {
	readonly family: Family;
	readonly protocol: Protocol;
	/** The source address; after masquerading, every address that it may be. */
	readonly sources: readonly Address[];
	/** undefined: unknown. */
	readonly sourcePort: number | undefined;
	readonly destination: Address;
	readonly destinationPort: number;
	/** "": none, as in OUTPUT; undefined: a real interface whose name is unknown, never lo. */
	readonly inInterface: string | undefined;
	readonly outInterface: string | undefined;
	/** Whether a bridge forwards it from one of its ports to another. */
	readonly bridged: boolean;
	readonly mark: number;
	/** The bits of the mark that are known; the others are 0 in it. */
	readonly knownMark: number;
	/** Whether rules changed it without a hop, because its value isn't known. */
	readonly hasUnknownMarks: boolean;
	readonly conntrack: Conntrack;
	/** Names of the lists (xt_recent) and sets (nftables) that contain the packet's source address: session affinity. */
	readonly affinity: ReadonlySet<string>;
	/** Of which lists that is known; other ones may contain it too. */
	readonly affinityKnown: "all" | "kube-proxy" | "none";
	/** Conditions that can't be evaluated, and which answer this branch follows. */
	readonly assumptions: ReadonlyMap<string, boolean>;
	readonly hook: Hook;
	/** The base chain that the packet is in: table and name. */
	readonly baseChain: string;
	/** The last hop, linked to those before it. */
	readonly lastHop: HopLink | undefined;
}

export interface HopLink {
	readonly hop: HopRecord;
	readonly before: HopLink | undefined;
}

/** What one rule did, as data; words.ts makes the sentence. */
export type HopRecord = RuleReference & PacketView & Action;

/** The rule that acted; `rule` is its text, or a description of the chain's policy. */
export interface RuleReference {
	table: string;
	chain: string;
	rule: string;
	/** The rule's comment. */
	comment?: string;
	object?: ObjectReference;
	setting?: KernelSetting;
}

/** What a rule did, with the data of that effect. */
export type Action =
	| { effect: "jump" | "goto"; to: string }
	| { effect: "return" | "accept" | "drop" }
	/** `late`: conntrack already tracks the packet, so the rule changes nothing. */
	| { effect: "notrack"; late: boolean }
	| { effect: "mark"; mark: number }
	| { effect: "dnat" | "snat"; to: string }
	| { effect: "masquerade"; to?: string }
	| { effect: "reject"; with: string }
	| { effect: "update"; to: string }
	| { effect: "unknown"; reason: string };

/** The packet before the rule changed it. */
export interface PacketView {
	hook: Hook;
	baseChain: string;
	sources: readonly Address[];
	destination: Address;
	destinationPort: number;
	markBefore: number;
}

export const allBits = 0xffffffff;

/** The lists and sets that contain a packet's source; "first": none of kube-proxy's, and of others it isn't known. */
export type Affinity = Iterable<string> | "first" | "unknown";

/**
 * @throws if the packet's addresses can't be parsed or aren't of its family
 */
export function initialState(packet: Packet, affinity: Affinity): PacketState {
	const source = addressOf(packet, packet.source);
	const destination = addressOf(packet, packet.destination);
	const { destinationPort, ctstate } = packet;
	const isFirst = ctstate === "NEW";
	return {
		family: packet.family,
		protocol: packet.protocol,
		sources: [source],
		sourcePort: packet.sourcePort,
		destination,
		destinationPort,
		inInterface: isReceived(packet) ? packet.inInterface : "",
		outInterface: "",
		bridged: false,
		mark: packet.mark,
		knownMark: allBits,
		hasUnknownMarks: false,
		conntrack: {
			seen: false,
			// The states DNAT and SNAT of xt_conntrack are properties of a connection that is already known.
			state: ctstate === "DNAT" || ctstate === "SNAT" ? "ESTABLISHED" : ctstate,
			destinationNat: ctstate === "DNAT",
			sourceNat: ctstate === "SNAT",
			destinationSettled: false,
			sourceSettled: false,
			mark: isFirst ? 0 : undefined,
			original: isFirst
				? { sources: [source], sourcePort: packet.sourcePort, destinations: [destination], destinationPort }
				: undefined,
		},
		affinity: new Set(typeof affinity === "string" ? [] : affinity),
		affinityKnown: affinity === "unknown" ? "none" : affinity === "first" ? "kube-proxy" : "all",
		assumptions: new Map(),
		hook: isReceived(packet) ? "prerouting" : "output",
		baseChain: "",
		lastHop: undefined,
	};
}

function addressOf({ family }: Packet, text: string): Address {
	const address = parseAddress(text);
	if (address?.kind() !== family) throw new Error(`the packet's address must be ${family}, got "${text}"`);
	return address;
}

/** The packet on the branch that answers an open question so; a volatile condition, such as a limit, has no key. */
export function assuming(state: PacketState, key: string | undefined, holds: boolean): PacketState {
	// Beyond so many, branches that meet again are worth more than answers that agree with each other.
	if (key === undefined || state.assumptions.size >= mostAssumptions) return state;
	return { ...state, assumptions: new Map(state.assumptions).set(key, holds) };
}

const mostAssumptions = 8;

/** The same for states that rules can't tell apart; hops don't count. */
export function stateKey({ sources, destination, conntrack, affinity, assumptions, ...rest }: PacketState): string {
	const { original, ...connection } = conntrack;
	const { lastHop: _, ...plain } = rest;
	const parts = [plain, sources.map(String), destination.toString(), connection, original?.destinations.map(String)];
	return JSON.stringify([...parts, [...affinity], [...assumptions]]);
}

/** The packet after a rule acted on it, with the hop. */
export function recorded(
	state: PacketState,
	rule: RuleReference,
	action: Action,
	changes: Partial<PacketState> = {},
): PacketState {
	const view: PacketView = {
		hook: state.hook,
		baseChain: state.baseChain,
		sources: state.sources,
		destination: state.destination,
		destinationPort: state.destinationPort,
		markBefore: state.mark,
	};
	return { ...state, ...changes, lastHop: { hop: { ...rule, ...action, ...view }, before: state.lastHop } };
}

/** From first to last. */
export function hopRecordsOf(state: PacketState): HopRecord[] {
	const hops: HopRecord[] = [];
	for (let lastHop = state.lastHop; lastHop; lastHop = lastHop.before) hops.push(lastHop.hop);
	return hops.reverse();
}

/** The Service of the last hop that has one. */
export function lastService({ lastHop }: PacketState): ObjectReference | undefined {
	for (let at = lastHop; at; at = at.before) if (at.hop.object?.kind === "Service") return at.hop.object;
	return undefined;
}
