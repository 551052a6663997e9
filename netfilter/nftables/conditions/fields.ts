/** What an nftables rule reads of one packet: fields of its headers, and facts about its connection and its route. */

import { type Chance, certainly, not } from "../../chance.ts";
import type { Network } from "../../node/hostNetwork.ts";
import { chanceOfConntrack, chanceOfStatus, hasConnection, tupleOf } from "../../packet/conntrack.ts";
import type { PacketState } from "../../packet/state.ts";
import type { Expression } from "../expressions.ts";
import { absent, literal, masked, numberOf, tcpFlags, unknown, type Value } from "./values.ts";

const statuses = ["expected", "seen-reply", "assured", "confirmed", "snat", "dnat", "dying"];
const states = ["invalid", "new", "established", "related", "untracked"];

export function fieldOf(expression: Expression, state: PacketState, network: Network): Value {
	switch (expression.kind) {
		case "literal":
			return literal(expression.value);
		case "list":
			return flagList(expression.values);
		case "payload":
			return payload(expression.protocol, expression.field, state);
		case "meta":
			return meta(expression.key, state, network);
		case "ct":
			return conntrack(expression.key, expression.direction, state);
		case "fib":
			return fib(expression, state, network);
		case "extension":
			return expression.hasField ? absent : { kind: "number", value: 0 };
		case "option":
			if (expression.protocol === state.protocol)
				return unknown(`the packet's ${expression.protocol} options are unknown`);
			return expression.hasField ? absent : { kind: "number", value: 0 };
		case "unknown":
			return unknown(`${JSON.stringify(expression.json)} isn't supported`);
		default:
			return unknown(`a ${expression.kind} isn't supported here`);
	}
}

/** Protocols whose headers a packet has only if it is of that protocol. */
const transports = new Set([
	"tcp",
	"udp",
	"sctp",
	"udplite",
	"dccp",
	"icmp",
	"icmpv6",
	"igmp",
	"ah",
	"esp",
	"comp",
	"gre",
]);

function payload(protocol: string, field: string, state: PacketState): Value {
	if (protocol === "ip" || protocol === "ip6") {
		if (protocol !== (state.family === "ipv4" ? "ip" : "ip6")) return absent;
		if (field === "saddr") return { kind: "address", candidates: state.sources };
		if (field === "daddr") return { kind: "address", candidates: [state.destination] };
		if (field === "protocol" || field === "nexthdr") return { kind: "name", value: state.protocol };
		if (field === "version") return { kind: "number", value: protocol === "ip" ? 4 : 6 };
		// Conntrack reassembles fragments; only the bit "don't fragment" isn't known.
		if (field === "frag-off") return { kind: "masked", value: 0, known: 0xbfff };
	}
	if (protocol === "arp") return absent;
	if (transports.has(protocol) && protocol !== state.protocol) return absent;
	if (transports.has(protocol) || protocol === "th") {
		if (field === "sport") return port(state.sourcePort, "source port");
		if (field === "dport") return port(state.destinationPort, "destination port");
		// The first packet of a TCP connection has only SYN set.
		if (field === "flags" && state.protocol === "tcp" && state.conntrack.state === "NEW")
			return { kind: "number", value: tcpFlags.syn };
	}
	return unknown(`${protocol} ${field} of the packet is unknown`);
}

/** "fin,syn,rst,ack" */
function flagList(values: readonly Expression[]): Value {
	const bits = values.map((value) => (value.kind === "literal" ? numberOf(literal(value.value)) : undefined));
	const all = bits.reduce<number | undefined>(
		(sum, bit) => (sum === undefined || bit === undefined ? undefined : sum | bit),
		0,
	);
	return all === undefined ? unknown("a list isn't supported here") : { kind: "number", value: all };
}

/** nft names the packet type of what the node itself receives or sends so. */
const packetTypes: Record<string, number> = { host: 1, unicast: 1, broadcast: 0, multicast: 0, other: 0 };

function meta(key: string, state: PacketState, network: Network): Value {
	switch (key) {
		case "l4proto":
			return { kind: "name", value: state.protocol };
		case "nfproto":
			return { kind: "name", value: state.family };
		case "protocol":
			return { kind: "name", value: state.family === "ipv4" ? "ip" : "ip6" };
		case "mark":
			return masked(state.mark, state.knownMark);
		case "iif":
		case "iifname":
			return interfaceOf(state.inInterface, "incoming", network);
		case "oif":
		case "oifname":
			return interfaceOf(state.outInterface, "outgoing", network);
		case "skuid":
		case "skgid":
		case "cgroup":
			return hasNoSocket(state) ? absent : unknown(`meta ${key} of the packet is unknown`);
		case "pkttype":
			return {
				kind: "tested",
				chanceOf: (name) => packetTypes[name] ?? "unknown",
				reason: "the packet type is unknown",
			};
		default:
			return unknown(`meta ${key} of the packet is unknown`);
	}
}

/** A packet that was received has none before it is delivered; early demultiplexing finds those of known connections. */
const hasNoSocket = ({ inInterface, protocol, conntrack, hook }: PacketState): boolean =>
	inInterface !== "" && (hook === "forward" || (protocol === "tcp" && conntrack.state === "NEW"));

function conntrack(key: string, direction: string | undefined, state: PacketState): Value {
	const chanceOfBit = (name: string) => chanceOfConntrack(state, name.toUpperCase());
	if (key === "state") return { kind: "bits", names: states, chanceOf: chanceOfBit, exclusive: true };
	// A packet without a connection has nothing else (nft_ct_get_eval in net/netfilter/nft_ct.c).
	if (!hasConnection(state)) return absent;
	if (key === "status") {
		const chanceOfFlag = (name: string) => chanceOfStatus(state, name);
		return { kind: "bits", names: statuses, chanceOf: chanceOfFlag, exclusive: false };
	}
	const { mark } = state.conntrack;
	if (key === "mark" && mark !== undefined) return { kind: "number", value: mark };
	if (key === "protocol") return { kind: "name", value: state.protocol };
	if (key === "l3proto") return { kind: "name", value: state.family };
	if (key === "direction" && state.conntrack.state === "NEW") return { kind: "name", value: "original" };
	// Only a connection that another one's helper expects has one.
	if (key === "helper" && state.conntrack.state === "NEW") return absent;
	const tuple = direction === "original" || direction === "reply" ? tupleOf(state, direction) : undefined;
	if (tuple) {
		const field = key.replace(/^ip6? /, "");
		if (field === "saddr") return { kind: "address", candidates: tuple.sources };
		if (field === "daddr") return { kind: "address", candidates: tuple.destinations };
		if (field === "proto-src") return port(tuple.sourcePort, "source port");
		if (field === "proto-dst") return port(tuple.destinationPort, "destination port");
	}
	return unknown(`ct ${key} of the packet is unknown`);
}

function fib({ result, flags }: { result: string; flags: string[] }, state: PacketState, network: Network): Value {
	const addresses = flags.includes("saddr") ? state.sources : [state.destination];
	const on = flags.includes("iif") ? state.inInterface : state.outInterface;
	const isLimited = flags.includes("iif") || flags.includes("oif");
	const reason = "the node's interfaces or routes are unknown";
	if (result === "type") {
		const chanceOf = (type: string) =>
			isLimited ? network.chanceOfTypeOn(addresses, type, on) : network.chanceOfType(addresses, type);
		return { kind: "tested", chanceOf, reason };
	}
	// `fib daddr oifname`: local addresses have no route through an interface (nft_fib4_eval in nft_fib_ipv4.c).
	const [address, ...others] = addresses;
	if (result.startsWith("oif") && flags.length === 1 && address && others.length === 0) {
		const name = network.isLocal(address) ? "" : network.interfaceTowards(address);
		const exists = certainly(name !== "");
		const isNamed = (pattern: string) =>
			pattern.endsWith("*") ? name?.startsWith(pattern.slice(0, -1)) : name === pattern;
		const chanceOf = (wanted: string) =>
			wanted === "1" ? exists : wanted === "0" ? not(exists) : certainly(isNamed(wanted) ?? false);
		if (name !== undefined) return { kind: "tested", chanceOf, reason };
	}
	// `fib saddr . iif oif exists`: 1 if there is such a route. What lo brings has one (nft_fib_is_loopback).
	// nft 1.1.1 and 1.1.2 print "check" instead.
	if ((result.startsWith("oif") || result === "check") && flags.includes("iif")) {
		const exists = network.chanceOfReversePath(addresses, on, false);
		return {
			kind: "tested",
			chanceOf: (wanted) => (wanted === "1" ? exists : wanted === "0" ? not(exists) : "unknown"),
			reason,
		};
	}
	return unknown(`fib ${flags.join(" . ")} ${result} depends on the node's routes`);
}

const port = (value: number | undefined, what: string): Value =>
	value === undefined ? unknown(`the ${what} is unknown`) : { kind: "number", value };

function interfaceOf(name: string | undefined, which: string, network: Network): Value {
	if (name !== undefined) return { kind: "name", value: name };
	const chanceOf = (pattern: string): Chance => {
		const isPrefix = pattern.endsWith("*");
		const test = (one: string) => (isPrefix ? one.startsWith(pattern.slice(0, -1)) : one === pattern);
		return network.chanceOfInterface(name, test, isPrefix ? undefined : pattern);
	};
	return { kind: "tested", chanceOf, reason: `the name of the ${which} interface is unknown` };
}
