/** Whether a packet meets the conditions of a rule of iptables. */

import { type Address, chanceWithin, contains, type Network, type PortRange } from "../address.ts";
import { all, any, type Chance, certainly, not } from "../chance.ts";
import type { Protocol } from "../model.ts";
import { chanceOfConntrack, type PacketState } from "../state.ts";
import type { Match } from "./matches.ts";

/** The outcome of all conditions of a rule, asked in their order until one fails. */
export interface Judgement {
	chance: Chance;
	/** The packet where they hold, and where they do not: `recent` remembers sources while it is asked. */
	met: PacketState;
	missed: PacketState;
	/** Why the chance is unknown. */
	reason?: string;
}

export function judge(matches: readonly Match[], state: PacketState, network: Network): Judgement {
	let chance: Chance = 1;
	let met = state;
	let missed = state;
	let reason: string | undefined;
	for (const match of matches) {
		const one = chanceOf(match, met, network);
		if (one === 0) return { chance: 0, met, missed };
		if (one === "unknown") reason ??= reasonOf(match);
		chance = all([chance, one]);
		met = remembered(match, met);
		if (chance === 1) missed = met;
	}
	return { chance, met, missed, ...(reason !== undefined && { reason }) };
}

/** Whether one of the conditions fails for certain; none of them may be one that changes the packet's state. */
export const cannotMatch = (matches: readonly Match[], state: PacketState, network: Network): boolean =>
	matches.some((match) => chanceOf(match, state, network) === 0);

const chanceOf = (match: Match, state: PacketState, network: Network): Chance => {
	const chance = holds(match, state, network);
	return match.not ? not(chance) : chance;
};

function holds(match: Match, state: PacketState, network: Network): Chance {
	switch (match.kind) {
		case "source":
			return chanceWithin(state.sources, (address) => contains(match.range, address));
		case "destination":
			return certainly(contains(match.range, state.destination));
		case "in-interface":
			return interfaceMatches(match.name, state.inInterface);
		case "out-interface":
			return interfaceMatches(match.name, state.outInterface);
		case "protocol":
			return certainly(match.protocol === "all" || match.protocol === (state.protocol satisfies Protocol));
		case "source-port":
			return portMatches(match.ranges, state.sourcePort);
		case "destination-port":
			return portMatches(match.ranges, state.destinationPort);
		case "either-port":
			return any([portMatches(match.ranges, state.sourcePort), portMatches(match.ranges, state.destinationPort)]);
		case "tcp-flags":
			return flagsMatch(match, state);
		case "fragment":
			// Conntrack puts fragments together before any rule but those of table raw sees them.
			return 0;
		case "mark":
			return certainly((state.mark & match.mask) >>> 0 === match.value);
		case "address-type":
			return any(match.types.map((type) => network.chanceOfType(addresses(match.of, state), type.toLowerCase())));
		case "conntrack-state":
			return any(match.states.map((name) => chanceOfConntrack(state, name)));
		case "random":
			return match.probability;
		case "recent":
			return certainly(match.action === "set" || state.affinity.has(match.list));
		case "nfacct":
			return 1;
		case "unknown":
			return "unknown";
	}
}

const addresses = (of: "source" | "destination", state: PacketState): readonly Address[] =>
	of === "source" ? state.sources : [state.destination];

/** "eth0", or "eth+" for all names that begin so. */
function interfaceMatches(pattern: string, name: string | undefined): Chance {
	if (pattern === "+") return 1;
	if (name === undefined) return "unknown";
	return certainly(pattern.endsWith("+") ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
}

function portMatches(ranges: readonly PortRange[], port: number | undefined): Chance {
	if (port === undefined) return "unknown";
	return certainly(ranges.some(({ first, last }) => first <= port && port <= last));
}

/** The first packet of a TCP connection carries SYN alone; of later ones nobody told the flags. */
function flagsMatch({ mask, set }: { mask: string[]; set: string[] }, { conntrack }: PacketState): Chance {
	if (conntrack.state !== "NEW") return "unknown";
	const seen = mask.filter((flag) => flag === "SYN");
	return certainly(seen.length === set.length && seen.every((flag) => set.includes(flag)));
}

function remembered(match: Match, state: PacketState): PacketState {
	if (match.kind !== "recent" || match.action === "rcheck" || match.action === "update") return state;
	const affinity = new Set(state.affinity);
	if (match.action === "set") affinity.add(match.list);
	else affinity.delete(match.list);
	return { ...state, affinity };
}

function reasonOf(match: Match): string {
	switch (match.kind) {
		case "unknown":
			return `"${match.text}" is not understood`;
		case "in-interface":
		case "out-interface":
			return `the rule asks for the interface ${match.name}, and the packet's is not known`;
		case "source-port":
		case "either-port":
			return "the rule asks for the source port, which is not known";
		case "source":
			return "the rule asks for the source, and which address masquerading gave is not known";
		case "conntrack-state":
			return "the rule asks whether the source was translated, and masquerading may have kept it";
		case "address-type":
			return `the rule asks for an address of type ${match.types.join(", ")}, which only the node's routes tell`;
		default:
			return `the rule asks for ${match.kind}, which is not known of this packet`;
	}
}
