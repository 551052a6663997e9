/** Evaluates the conditions of an iptables rule for a packet. */
import { chanceWithin, contains, type PortRange } from "../../address.ts";
import { any, type Chance, certainly, not } from "../../chance.ts";
import type { Protocol } from "../../model.ts";
import type { Network } from "../../node/hostNetwork.ts";
import { chanceOfSet } from "../../node/ipsets.ts";
import { chanceOfConntrack, chanceOfStatus, hasConnection, tupleOf } from "../../packet/conntrack.ts";
import { assuming, type PacketState } from "../../packet/state.ts";
import { addressTypes } from "./addressTypes.ts";
import type { Match } from "./model.ts";
import { reasonOf } from "./unknownReason.ts";

/** The result of all conditions of a rule, evaluated in their order until one fails. */
export interface Judgement {
	/** How likely they hold; of conditions that can't be evaluated, if those hold. */
	chance: number;
	/** The packet if they hold, and if they don't: `recent` remembers sources while it is evaluated. */
	met: PacketState;
	missed: PacketState;
	/** Why a condition can't be evaluated; undefined: all can. */
	reason?: string;
}

export function judge(matches: readonly Match[], state: PacketState, network: Network): Judgement {
	let chance = 1;
	let met = state;
	let missed = state;
	const open: { match: Match; key: string | undefined }[] = [];
	for (const match of matches) {
		const one = chanceOf(match, met, network);
		if (one === 0) return { chance: 0, met: state, missed };
		if (one === "unknown") {
			const key = keyOf(match, met);
			open.push({ match, key });
			met = learned(match, assuming(met, key, !match.not));
		} else {
			chance *= one;
			met = remembered(match, met);
			if (chance === 1 && open.length === 0) missed = met;
		}
	}
	const [first, ...others] = open;
	if (!first) return { chance, met, missed };
	const alone = others.length === 0 && chance === 1;
	return {
		chance,
		met,
		missed: alone ? assuming(missed, first.key, first.match.not) : missed,
		reason: reasonOf(first.match),
	};
}

/** Whether one of the conditions certainly fails; they must not change the packet's state. */
export const cannotMatch = (matches: readonly Match[], state: PacketState, network: Network): boolean =>
	matches.some((match) => chanceOf(match, state, network) === 0);

function chanceOf(match: Match, state: PacketState, network: Network): Chance {
	if (match.withState && !hasConnection(state)) return 1;
	const chance = holds(match, state, network);
	if (chance === "absent") return 0;
	if (chance !== "unknown") return match.not ? not(chance) : chance;
	const assumed = state.assumptions.get(keyOf(match, state) ?? "");
	if (assumed === undefined) return "unknown";
	return certainly(assumed !== match.not);
}

/** "absent": the packet doesn't have what the condition asks for, so it fails even if it is negated. */
function holds(match: Match, state: PacketState, network: Network): Chance | "absent" {
	switch (match.kind) {
		case "source":
			return chanceWithin(state.sources, (address) => contains(match.range, address));
		case "destination":
			return certainly(contains(match.range, state.destination));
		case "in-interface":
			return interfaceMatches(match.name, state.inInterface, network);
		case "out-interface":
			return interfaceMatches(match.name, state.outInterface, network);
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
			// Conntrack reassembles fragments before the rules, except those of table raw, see them.
			return 0;
		case "mark":
			return markMatches(match, state);
		case "connection-mark": {
			// xt_connmark.c: without a connection it never matches.
			if (!hasConnection(state)) return "absent";
			const { mark } = state.conntrack;
			return mark === undefined ? "unknown" : certainly((mark & match.mask) >>> 0 === match.value);
		}
		case "address-type":
			return addressTypes(match, state, network);
		case "conntrack-state":
			return any(match.states.map((name) => chanceOfConntrack(state, name)));
		case "connection-address": {
			const tuple = tupleOf(state, match.direction);
			if (!hasConnection(state)) return "absent";
			return tuple ? chanceWithin(tuple[`${match.of}s`], (address) => contains(match.range, address)) : "unknown";
		}
		case "connection-port":
			if (!hasConnection(state)) return "absent";
			return portMatches(match.ranges, tupleOf(state, match.direction)?.[`${match.of}Port`]);
		case "connection-protocol":
			return hasConnection(state) ? certainly(match.protocol === state.protocol) : "absent";
		case "connection-status":
			return hasConnection(state) ? any(match.statuses.map((name) => chanceOfStatus(state, name))) : "absent";
		case "direction":
			if (!hasConnection(state)) return "absent";
			return state.conntrack.state === "NEW" ? certainly(match.direction === "ORIGINAL") : "unknown";
		case "helper":
			return state.conntrack.state === "RELATED" || state.conntrack.state === "ESTABLISHED" ? "unknown" : 0;
		case "random":
			return match.probability;
		case "recent":
			return isRemembered(match, state);
		case "reverse-path":
			return reversePath(match, state, network);
		case "bridge-port":
			return bridgePort(match, state);
		case "socket":
			// Without options it finds only sockets that are bound to the packet's destination (xt_socket.c).
			return match.bound && !network.isLocal(state.destination) ? 0 : "unknown";
		case "header":
			return "absent";
		case "owner":
			return state.inInterface === "" ? "unknown" : 0;
		case "cgroup":
			return state.inInterface === "" ? "unknown" : "absent";
		case "packet-type":
			return certainly(match.type === "unicast");
		case "set": {
			const isChanged = state.affinity.has(changedIpset(match.name));
			if (!network.ipsets || isChanged) return "unknown";
			return chanceOfSet(network.ipsets, match.name, match.directions, state);
		}
		case "nfacct":
			return 1;
		case "unknown":
			return "unknown";
	}
}

/** "eth0", or "eth+" for all names that begin with "eth". */
function interfaceMatches(pattern: string, name: string | undefined, network: Network): Chance {
	if (pattern === "+") return 1;
	const isPrefix = pattern.endsWith("+");
	const test = (one: string) => (isPrefix ? one.startsWith(pattern.slice(0, -1)) : one === pattern);
	return network.chanceOfInterface(name, test, isPrefix ? undefined : pattern);
}

function markMatches({ value, mask }: { value: number; mask: number }, { mark, knownMark }: PacketState): Chance {
	if ((mask & ~knownMark) === 0) return certainly((mark & mask) >>> 0 === value);
	return (mark & mask) >>> 0 === (value & knownMark) >>> 0 ? "unknown" : 0;
}

function portMatches(ranges: readonly PortRange[], port: number | undefined): Chance {
	if (port === undefined) return "unknown";
	return certainly(ranges.some(({ first, last }) => first <= port && port <= last));
}

/** The first packet of a TCP connection has only SYN set; the flags of later ones aren't known. */
function flagsMatch({ mask, set }: { mask: string[]; set: string[] }, { conntrack, protocol }: PacketState): Chance {
	if (protocol !== "tcp") return 0;
	if (conntrack.state !== "NEW") return "unknown";
	const seen = mask.filter((flag) => flag === "SYN");
	return certainly(seen.length === set.length && seen.every((flag) => set.includes(flag)));
}

/** xt_rpfilter: whether the route back to the source leads through the interface by which the packet came. */
function reversePath(
	{ loose, acceptsLocal }: Extract<Match, { kind: "reverse-path" }>,
	{ sources, inInterface }: PacketState,
	network: Network,
): Chance {
	if (acceptsLocal && chanceWithin(sources, (address) => network.isLocal(address)) !== 0) return "unknown";
	return network.chanceOfReversePath(sources, inInterface, loose);
}

/** xt_physdev: whether the packet came in through a port of a bridge. Packets that are routed don't leave bridged. */
function bridgePort({ of }: Extract<Match, { kind: "bridge-port" }>, { inInterface, bridged }: PacketState): Chance {
	if (bridged) return of === "both" ? 1 : "unknown";
	if (of !== "in") return 0;
	return inInterface === "" || inInterface === "lo" ? 0 : "unknown";
}

/** xt_recent. Of a source that a list has contained for longer, it isn't known how many packets were remembered. */
function isRemembered({ action, list, hits }: Extract<Match, { kind: "recent" }>, state: PacketState): Chance {
	if (action === "set") return 1;
	if (!state.affinity.has(list)) return knowsList(state, list) ? 0 : "unknown";
	if (hits <= 1) return 1;
	return state.affinity.has(newIn(list)) ? 0 : "unknown";
}

const knowsList = ({ affinityKnown }: PacketState, list: string): boolean =>
	affinityKnown === "all" || (affinityKnown === "kube-proxy" && list.startsWith("KUBE-SEP-"));

/** Marks a list that contains the source since a rule has just added it: it remembers one packet. */
const newIn = (list: string): string => `new in ${list}`;

function remembered(match: Match, state: PacketState): PacketState {
	if (match.kind !== "recent" || match.action === "rcheck") return state;
	const { action, list } = match;
	const affinity = new Set(state.affinity);
	const isNew = action === "set" && !affinity.has(list) && knowsList(state, list);
	affinity.delete(newIn(list));
	if (isNew) affinity.add(newIn(list));
	if (action === "set") affinity.add(list);
	if (action === "remove") affinity.delete(list);
	return { ...state, affinity };
}

/** On the branch on which the packet's interface is the one that a rule names, its name is known. */
function learned(match: Match, state: PacketState): PacketState {
	if (match.not || (match.kind !== "in-interface" && match.kind !== "out-interface")) return state;
	if (match.name.endsWith("+")) return state;
	return { ...state, [match.kind === "in-interface" ? "inInterface" : "outInterface"]: match.name };
}

/** Matches whose answer may differ from one rule to the next, for the same packet. */
const volatile = /^-m (limit|hashlimit|statistic|quota|quota2|connlimit|connbytes|recent|rateest|random|nth|fuzzy) /;

/** Names a condition that can't be evaluated, with what it sees of the packet: two of that name hold together. */
function keyOf(match: Match, state: PacketState): string | undefined {
	if (match.kind === "recent" || match.kind === "random") return undefined;
	if (match.kind === "unknown" && volatile.test(`${match.text} `)) return undefined;
	const { not: _, ...condition } = match;
	const { sources, sourcePort, destination, destinationPort, mark, knownMark, conntrack, hook } = state;
	if (match.kind === "in-interface" || match.kind === "out-interface")
		return JSON.stringify([condition, `${destination}`]);
	return JSON.stringify(
		[condition, sources, sourcePort, destination, destinationPort, mark, knownMark, conntrack.mark, hook],
		(_, v) => (typeof v === "object" && v !== null && "kind" in v && typeof v.kind === "function" ? String(v) : v),
	);
}

/** Marks a set that a rule changed for this packet, so that its elements aren't known any more. */
export const changedIpset = (name: string): string => `changed ipset ${name}`;
