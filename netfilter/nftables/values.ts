/** The values of an nftables rule's expressions for one packet. */
import { type Address, type Network, parseAddress } from "../address.ts";
import { type Chance, not } from "../chance.ts";
import { chanceOfConntrack, hasConnection, type PacketState } from "../state.ts";
import type { Expression } from "./expressions.ts";

export type Value =
	/** All addresses that it may be: masquerading may choose one of several. */
	| { kind: "address"; candidates: readonly Address[] }
	| { kind: "number"; value: number }
	/** A protocol or an interface. */
	| { kind: "name"; value: string }
	/** Bits, of which only those of these names are known; `exclusive`: only one is set at a time. */
	| { kind: "bits"; names: readonly string[]; chanceOf(bit: string): Chance; exclusive: boolean }
	/** A name that may be unknown: the type of an address ("local" …), an interface. */
	| { kind: "tested"; chanceOf(name: string): Chance; reason: string }
	| { kind: "concat"; parts: readonly Value[] }
	/** The packet doesn't have this field: the rule ends here, even if it compares with "!=" (NFT_BREAK). */
	| { kind: "absent" }
	| { kind: "unknown"; reason: string };

/** One of several values; their probabilities add up to 1. */
export interface PossibleValue {
	probability: number;
	value: Value;
}

/** Returns the value of a map's element. */
export type LookUp = (data: Expression, key: Value) => Value;

const states = ["invalid", "new", "established", "related", "untracked"];

/** Beyond so many values, they aren't listed one by one. */
const mostDraws = 4096;

/** All values that an expression may have for a packet. */
export function possibleValues(
	expression: Expression,
	state: PacketState,
	network: Network,
	lookUp: LookUp,
): PossibleValue[] {
	const draw = (part: Expression) => possibleValues(part, state, network, lookUp);
	switch (expression.kind) {
		case "random":
			return randomNumbers(expression);
		case "concat":
			return combine(expression.parts.map(draw)).map(({ probability, values }) => ({
				probability,
				value: concat(values),
			}));
		case "binary":
			return combine([draw(expression.left), draw(expression.right)]).map(({ probability, values }) => ({
				probability,
				value: calculate(expression.operator, values),
			}));
		case "map":
			return draw(expression.key).map(({ probability, value }) => ({
				probability,
				value: value.kind === "absent" ? value : lookUp(expression.data, value),
			}));
		default:
			return [{ probability: 1, value: fieldOf(expression, state, network) }];
	}
}

function fieldOf(expression: Expression, state: PacketState, network: Network): Value {
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
		case "unknown":
			return unknown(`${JSON.stringify(expression.json)} isn't supported`);
		default:
			return unknown(`a ${expression.kind} isn't supported here`);
	}
}

const absent: Value = { kind: "absent" };

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

const tcpFlags = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128 } as const;

const isFlag = (name: string): name is keyof typeof tcpFlags => name in tcpFlags;

/** A number, also by the name of a flag of TCP. */
export function numberOf(value: Value | undefined): number | undefined {
	if (value?.kind === "number") return value.value;
	return value?.kind === "name" && isFlag(value.value) ? tcpFlags[value.value] : undefined;
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
			return { kind: "number", value: state.mark };
		case "iif":
		case "iifname":
			return interfaceOf(state.inInterface, "incoming", network);
		case "oif":
		case "oifname":
			return interfaceOf(state.outInterface, "outgoing", network);
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

function conntrack(key: string, direction: string | undefined, state: PacketState): Value {
	const chanceOfBit = (name: string) => chanceOfConntrack(state, name.toUpperCase());
	if (key === "state") return { kind: "bits", names: states, chanceOf: chanceOfBit, exclusive: true };
	// A packet without a connection has nothing else (nft_ct_get_eval in net/netfilter/nft_ct.c).
	if (!hasConnection(state)) return absent;
	if (key === "status") return { kind: "bits", names: ["dnat", "snat"], chanceOf: chanceOfBit, exclusive: false };
	const { mark, original } = state.conntrack;
	if (key === "mark" && mark !== undefined) return { kind: "number", value: mark };
	if (key === "direction" && state.conntrack.state === "NEW") return { kind: "name", value: "original" };
	if (original && direction === "original") {
		const field = key.replace(/^ip6? /, "");
		if (field === "saddr") return { kind: "address", candidates: [original.source] };
		if (field === "daddr") return { kind: "address", candidates: [original.destination] };
		if (field === "proto-dst") return { kind: "number", value: original.destinationPort };
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
			isLimited && type === "local" ? network.chanceOfLocalOn(addresses, on) : network.chanceOfType(addresses, type);
		return { kind: "tested", chanceOf, reason };
	}
	// `fib saddr . iif oif exists`: 1 if there is such a route. What lo brings has one (nft_fib_is_loopback).
	if (result.startsWith("oif") && flags.includes("iif")) {
		const exists = network.chanceOfReversePath(addresses, on, false);
		return {
			kind: "tested",
			chanceOf: (wanted) => (wanted === "1" ? exists : wanted === "0" ? not(exists) : "unknown"),
			reason,
		};
	}
	return unknown(`fib ${flags.join(" . ")} ${result} depends on the node's routes`);
}

const unknown = (reason: string): Value => ({ kind: "unknown", reason });

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

function literal(value: string | number): Value {
	if (typeof value === "number") return { kind: "number", value };
	const address = parseAddress(value);
	return address ? { kind: "address", candidates: [address] } : { kind: "name", value };
}

/** The value of an expression that doesn't depend on the packet; "unknown" for prefixes, ranges and "*". */
export function constant(expression: Expression): Value {
	if (expression.kind === "literal" && expression.value !== "*") return literal(expression.value);
	if (expression.kind === "concat") return { kind: "concat", parts: expression.parts.map(constant) };
	return unknown("it isn't a single value");
}

/** nft prints numbers if the machine has no /etc/protocols. */
const protocolNumbers: Record<string, string> = { tcp: "6", udp: "17", sctp: "132" };

const keyOfName = (name: string): string => protocolNumbers[name] ?? name;

/** The same for equal values, however they are written; undefined: the value isn't certain. */
export function keyOf(value: Value): string | undefined {
	switch (value.kind) {
		case "address":
			return value.candidates.length === 1 ? value.candidates[0]?.toString() : undefined;
		case "number":
			return String(value.value);
		case "name":
			return keyOfName(value.value);
		case "concat":
			return joined(value.parts.map(keyOf));
		default:
			return undefined;
	}
}

/** The key of a set's element; undefined: it holds more than one value. */
export function keyOfElement(key: Expression): string | undefined {
	if (key.kind === "concat") return joined(key.parts.map(keyOfElement));
	if (key.kind !== "literal" || key.value === "*") return undefined;
	const text = String(key.value);
	// Only IPv6 addresses can be written in several ways; parsing tens of thousands of others would be slow.
	return text.includes(":") ? (parseAddress(text)?.toString() ?? text) : keyOfName(text);
}

const joined = (keys: readonly (string | undefined)[]): string | undefined =>
	keys.includes(undefined) ? undefined : keys.join(" . ");

/** `numgen random mod <modulus> offset <offset>`: every number is equally likely. */
function randomNumbers({ modulus, offset }: { modulus: number; offset: number }): PossibleValue[] {
	if (modulus > mostDraws)
		return [{ probability: 1, value: unknown(`numgen random mod ${modulus} has too many values`) }];
	return Array.from({ length: modulus }, (_, i) => ({
		probability: 1 / modulus,
		value: { kind: "number", value: offset + i },
	}));
}

/** Every combination of the parts' values. */
function combine(parts: PossibleValue[][]): { probability: number; values: Value[] }[] {
	let combined: { probability: number; values: Value[] }[] = [{ probability: 1, values: [] }];
	for (const part of parts) {
		combined = combined.flatMap(({ probability, values }) =>
			part.map((drawn) => ({ probability: probability * drawn.probability, values: [...values, drawn.value] })),
		);
		if (combined.length > mostDraws)
			return [{ probability: 1, values: [unknown("the rule has too many random values")] }];
	}
	return combined;
}

function concat(parts: Value[]): Value {
	return parts.find(({ kind }) => kind === "absent") ?? { kind: "concat", parts };
}

function calculate(operator: "&" | "|" | "^", [left, right]: Value[]): Value {
	const missing = [left, right].find((value) => value?.kind === "absent");
	const [a, b] = [numberOf(left), numberOf(right)];
	if (a === undefined || b === undefined) return missing ?? unknown(`the result of "${operator}" is unknown here`);
	const bits = { "&": a & b, "|": a | b, "^": a ^ b }[operator];
	return { kind: "number", value: bits >>> 0 };
}
