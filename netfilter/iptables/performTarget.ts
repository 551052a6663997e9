/** Applies the target of an iptables rule to a packet. */
import type { Network } from "../node/hostNetwork.ts";
import { hasConnection } from "../packet/conntrack.ts";
import {
	destinationsOf,
	mapNetwork,
	masquerade,
	redirect,
	translateDestination,
	translateSource,
	withoutTracking,
} from "../packet/nat.ts";
import { allBits, type PacketState, type RuleReference, recorded } from "../packet/state.ts";
import { defaultRejection } from "../rejection.ts";
import type { Branch } from "../traversal/walker.ts";
import { changedIpset } from "./conditions/evaluateMatches.ts";
import type { Table } from "./parse.ts";
import type { Target } from "./targets.ts";

/** What a target may do: of several branches the packet takes one, and `reason` says why it isn't known which. */
export interface Effects {
	branches: Branch[];
	reason?: string;
}

export function performTarget(
	target: Target,
	state: PacketState,
	rule: RuleReference,
	table: Table,
	network: Network,
): Effects {
	switch (target.kind) {
		case "dnat": {
			const destinations = destinationsOf(target.to);
			if (!destinations) return one(unknown(state, rule, "the kernel chooses one of too many destinations"));
			return {
				branches: destinations.map((to) => branch(translateDestination(state, rule, to), "accept")),
				reason: "the kernel chooses one of the rule's destinations by the packet's addresses",
			};
		}
		case "redirect": {
			const redirected = target.ports.map((port) => redirect(state, rule, network, port));
			const reason = "the kernel chooses one of the rule's ports";
			const known = redirected.flatMap((one) => (one ? branch(one, "accept") : []));
			if (known.length === redirected.length) return { branches: known, reason };
			return one(unknown(state, rule, "it redirects to the address of the packet's interface, which is unknown"));
		}
		default:
			return one(performOne(target, state, rule, table, network));
	}
}

const one = (only: Branch): Effects => ({ branches: [only] });

type Decided = Exclude<Target, { kind: "redirect" } | { kind: "dnat" }>;

function performOne(target: Decided, state: PacketState, rule: RuleReference, table: Table, network: Network): Branch {
	switch (target.kind) {
		case "accept":
		case "drop":
		case "return":
			return branch(recorded(state, rule, { effect: target.kind }), target.kind);
		case "reject": {
			const rejectedWith = target.with ?? defaultRejection(state.family);
			return branch(recorded(state, rule, { effect: "reject", with: rejectedWith }), "reject");
		}
		case "mark":
			return setMark(state, rule, target.value, target.mask);
		case "connection-mark":
			return connectionMark(target, state, rule);
		case "snat":
			return branch(translateSource(state, rule, target.to), "accept");
		case "netmap": {
			const mapped = mapNetwork(state, rule, target.range);
			return mapped ? branch(mapped, "accept") : unknown(state, rule, "the address that it maps is unknown");
		}
		case "masquerade":
			return branch(masquerade(state, rule, network, target.otherPort), "accept");
		case "hash-mark":
			return branch(withUnknownMark(state, allBits), "continue");
		case "notrack":
			return branch(withoutTracking(state, rule), "continue");
		case "chain":
			return call(target, state, rule, table);
		case "change-sets":
			return branch(
				{ ...state, affinity: new Set([...state.affinity, ...target.names.map(changedIpset)]) },
				"continue",
			);
		case "none":
		case "observe":
			return branch(state, "continue");
		case "unknown":
			return unknown(state, rule, `"${target.text}" isn't supported`);
	}
}

function call(
	{ name, goto }: { name: string; goto: boolean },
	state: PacketState,
	rule: RuleReference,
	table: Table,
): Branch {
	if (!table.chains.has(name)) {
		return unknown(state, rule, `"${name}" is neither a supported target nor a chain of table ${table.name}`);
	}
	const kind = goto ? "goto" : "jump";
	return branch(recorded(state, rule, { effect: kind, to: name }), { kind, chain: name });
}

const branch = (state: PacketState, verdict: Branch["verdict"]): Branch => ({ probability: 1, state, verdict });

/** The mark after (mark & ~mask) ^ value, of which the cleared bits are known. */
function setMark(state: PacketState, rule: RuleReference, value: number, mask: number): Branch {
	const mark = ((state.mark & ~mask) ^ value) >>> 0;
	const knownMark = (state.knownMark | mask) >>> 0;
	if (knownMark === allBits)
		return branch(recorded(state, rule, { effect: "mark", mark }, { mark, knownMark }), "continue");
	return branch({ ...state, mark: (mark & knownMark) >>> 0, knownMark, hasUnknownMarks: true }, "continue");
}

/** xt_connmark.c: without a connection, CONNMARK does nothing. Only `--restore-mark` changes what the packet shows. */
function connectionMark(
	{ action, value, packetMask, mask }: Extract<Target, { kind: "connection-mark" }>,
	state: PacketState,
	rule: RuleReference,
): Branch {
	if (!hasConnection(state)) return branch(state, "continue");
	const { conntrack } = state;
	if (action === "restore") {
		if (conntrack.mark === undefined) return branch(withUnknownMark(state, packetMask | mask), "continue");
		return setMark(state, rule, (conntrack.mark & mask) >>> 0, packetMask);
	}
	const before = conntrack.mark;
	const bits = action === "save" ? state.mark & packetMask : value;
	const isKnown = action === "set" || (packetMask & ~state.knownMark) === 0;
	const after = before === undefined || !isKnown ? undefined : ((before & ~mask) ^ bits) >>> 0;
	return branch({ ...state, conntrack: { ...conntrack, mark: after } }, "continue");
}

const withUnknownMark = (state: PacketState, bits: number): PacketState => {
	const knownMark = (state.knownMark & ~bits) >>> 0;
	return { ...state, mark: (state.mark & knownMark) >>> 0, knownMark, hasUnknownMarks: true };
};

const unknown = (state: PacketState, rule: RuleReference, reason: string): Branch =>
	branch(recorded(state, rule, { effect: "unknown", reason }), "unknown");
