/** A packet on its way through the rules: what rules see of it and what they have done so far. Plain, never changed. */

import type { Address } from "./address.ts";
import { type Chance, certainly } from "./chance.ts";
import type { Family, ObjectReference, Protocol } from "./model.ts";

/** Where the kernel asks rules about a packet of IP, and a walk follows it. */
export const hooks = ["prerouting", "input", "forward", "output", "postrouting"] as const;

export type Hook = (typeof hooks)[number];

export interface PacketState {
	readonly family: Family;
	readonly protocol: Protocol;
	/** The source address; after masquerading, all that it may be. */
	readonly sources: readonly Address[];
	/** undefined: not known. */
	readonly sourcePort: number | undefined;
	readonly destination: Address;
	readonly destinationPort: number;
	/** "": no interface (as the kernel's rules see it); undefined: not known which. */
	readonly inInterface: string | undefined;
	readonly outInterface: string | undefined;
	readonly mark: number;
	readonly conntrack: Conntrack;
	/** Names of the lists (xt_recent) and sets (nftables) that hold the packet's source address: session affinity. */
	readonly affinity: ReadonlySet<string>;
	readonly hook: Hook;
	/** The base chain that the packet is in: its table and its name. */
	readonly baseChain: string;
	/** The last thing that a rule did, and what came before it. */
	readonly lastHop: HopLink | undefined;
}

/** What conntrack knows of the packet's connection. */
export interface Conntrack {
	/** False only before conntrack's own hook (priority -200): there every packet counts as INVALID. */
	readonly seen: boolean;
	readonly state: "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED";
	/** IPS_DST_NAT and IPS_SRC_NAT: NAT gave the connection another destination, or another source. */
	readonly destinationNat: boolean;
	readonly sourceNat: boolean | "unknown";
	/** Whether NAT is settled for the connection, be it by leaving it alone: rules of type nat are asked only once. */
	readonly destinationSettled: boolean;
	readonly sourceSettled: boolean;
}

export interface HopLink {
	readonly hop: HopRecord;
	readonly before: HopLink | undefined;
}

/** What one rule did, as data; words.ts says it. */
export type HopRecord = RuleReference & PacketView & Action;

/** The rule that acted; for a chain's policy, `rule` is that in words. */
export interface RuleReference {
	table: string;
	chain: string;
	rule: string;
	/** kube-proxy's comment on the rule, where it has one. */
	comment?: string;
	object?: ObjectReference;
}

/** What a rule did: an effect, and what only that effect has. */
export type Action =
	| { effect: "jump" | "goto"; to: string }
	| { effect: "return" | "accept" | "drop" }
	/** `late`: conntrack had seen the packet before, so the rule changes nothing. */
	| { effect: "notrack"; late: boolean }
	| { effect: "mark"; mark: number }
	| { effect: "dnat" | "snat"; to: string }
	| { effect: "masquerade"; to?: string }
	| { effect: "reject"; with: string }
	| { effect: "update"; to: string }
	| { effect: "unknown"; reason: string };

/** The packet as the rule met it. */
export interface PacketView {
	hook: Hook;
	baseChain: string;
	sources: readonly Address[];
	destination: Address;
	destinationPort: number;
	markBefore: number;
}

/** Whether a rule that asks conntrack for a state or a kind of NAT finds it (kernel's xt_conntrack and nft_ct alike). */
export function chanceOfConntrack({ conntrack }: PacketState, name: string): Chance {
	const { seen, state, destinationNat, sourceNat } = conntrack;
	const current = !seen && state !== "UNTRACKED" ? "INVALID" : state;
	// What conntrack does not track has no connection to tell of.
	const isTracked = current !== "INVALID" && current !== "UNTRACKED";
	if (name === "DNAT") return certainly(isTracked && destinationNat);
	if (name === "SNAT")
		return isTracked && sourceNat === "unknown" ? "unknown" : certainly(isTracked && sourceNat === true);
	return certainly(current === name);
}

/** The packet after a rule acted on it: what the rule changed, and the act itself, seen as it met the packet. */
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

/** First to last. */
export function hopRecordsOf(state: PacketState): HopRecord[] {
	const hops: HopRecord[] = [];
	for (let lastHop = state.lastHop; lastHop; lastHop = lastHop.before) hops.push(lastHop.hop);
	return hops.reverse();
}

/** The Service that the last of the rules stood for. */
export function lastService({ lastHop }: PacketState): ObjectReference | undefined {
	for (let at = lastHop; at; at = at.before) if (at.hop.object?.kind === "Service") return at.hop.object;
	return undefined;
}
