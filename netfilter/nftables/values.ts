/** What the expressions of a rule of nftables come to, for one packet. */
import { type Address, type Network, parseAddress } from "../address.ts";
import type { Chance } from "../chance.ts";
import { chanceOfConntrack, type PacketState } from "../state.ts";
import type { Expression } from "./expressions.ts";

export type Value =
	/** Of an address that masquerading chose, all that it may be. */
	| { kind: "address"; candidates: readonly Address[] }
	| { kind: "number"; value: number }
	/** A protocol or an interface. */
	| { kind: "name"; value: string }
	/** Bits of which only those of these names can be told; `exclusive`: only one is set at a time. */
	| { kind: "bits"; names: readonly string[]; chanceOf(bit: string): Chance; exclusive: boolean }
	/** The type of an address in the kernel's routing tables: "local" … */
	| { kind: "address-type"; chanceOf(type: string): Chance }
	| { kind: "concat"; parts: readonly Value[] }
	/** The packet has no such field: the rule ends here, whatever it compares (NFT_BREAK). */
	| { kind: "absent" }
	| { kind: "unknown"; reason: string };

/** One of the values that lots may give; the probabilities of all add up to 1. */
export interface PossibleValue {
	probability: number;
	value: Value;
}

/** The value of a map's element under a key. */
export type LookUp = (data: Expression, key: Value) => Value;

const states = ["invalid", "new", "established", "related", "untracked"];

/** More values than that are not told apart one by one. */
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
		case "payload":
			return payload(expression.protocol, expression.field, state);
		case "meta":
			return meta(expression.key, state);
		case "ct":
			return conntrack(expression.key, state);
		case "fib":
			return fib(expression, state, network);
		case "unknown":
			return unknown(`${JSON.stringify(expression.json)} is not understood`);
		default:
			return unknown(`a ${expression.kind} stands where a value of the packet is wanted`);
	}
}

function payload(protocol: string, field: string, state: PacketState): Value {
	if (protocol === "ip" || protocol === "ip6") {
		if (protocol !== (state.family === "ipv4" ? "ip" : "ip6")) return { kind: "absent" };
		if (field === "saddr") return { kind: "address", candidates: state.sources };
		if (field === "daddr") return { kind: "address", candidates: [state.destination] };
		if (field === "protocol" || field === "nexthdr") return { kind: "name", value: state.protocol };
	}
	if (["tcp", "udp", "sctp", "th"].includes(protocol)) {
		if (protocol !== "th" && protocol !== state.protocol) return { kind: "absent" };
		if (field === "sport") return port(state.sourcePort, "source port");
		if (field === "dport") return port(state.destinationPort, "destination port");
	}
	return unknown(`${protocol} ${field} of the packet is not known`);
}

function meta(key: string, state: PacketState): Value {
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
			return interfaceName(state.inInterface, "comes in by");
		case "oif":
		case "oifname":
			return interfaceName(state.outInterface, "leaves by");
		default:
			return unknown(`meta ${key} of the packet is not known`);
	}
}

function conntrack(key: string, state: PacketState): Value {
	const chanceOfBit = (name: string) => chanceOfConntrack(state, name.toUpperCase());
	if (key === "state") return { kind: "bits", names: states, chanceOf: chanceOfBit, exclusive: true };
	if (key !== "status") return unknown(`ct ${key} of the packet is not known`);
	// A packet without a connection has no status (nft_ct_get_eval in net/netfilter/nft_ct.c).
	if (chanceOfBit("invalid") === 1 || chanceOfBit("untracked") === 1) return { kind: "absent" };
	return { kind: "bits", names: ["dnat", "snat"], chanceOf: chanceOfBit, exclusive: false };
}

function fib({ result, flags }: { result: string; flags: string[] }, state: PacketState, network: Network): Value {
	const [of, ...others] = flags;
	if (result !== "type" || others.length > 0)
		return unknown(`fib ${flags.join(" . ")} ${result} needs the node's routes`);
	const addresses = of === "saddr" ? state.sources : [state.destination];
	return { kind: "address-type", chanceOf: (type) => network.chanceOfType(addresses, type) };
}

const unknown = (reason: string): Value => ({ kind: "unknown", reason });

const port = (value: number | undefined, what: string): Value =>
	value === undefined ? unknown(`the ${what} is not known`) : { kind: "number", value };

const interfaceName = (value: string | undefined, how: string): Value =>
	value === undefined ? unknown(`the interface that the packet ${how} is not known`) : { kind: "name", value };

function literal(value: string | number): Value {
	if (typeof value === "number") return { kind: "number", value };
	const address = parseAddress(value);
	return address ? { kind: "address", candidates: [address] } : { kind: "name", value };
}

/** The value of an expression that does not depend on the packet; "unknown" for prefixes, ranges and "*". */
export function constant(expression: Expression): Value {
	if (expression.kind === "literal" && expression.value !== "*") return literal(expression.value);
	if (expression.kind === "concat") return { kind: "concat", parts: expression.parts.map(constant) };
	return unknown("it is no single value");
}

/** nft prints numbers where the machine has no /etc/protocols. */
const protocolNumbers: Record<string, string> = { tcp: "6", udp: "17", sctp: "132" };

const keyOfName = (name: string): string => protocolNumbers[name] ?? name;

/** The same for equal values, however they are written; undefined where the value is not known for certain. */
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

/** The key of an element of a set; undefined where it stands for more than one value. */
export function keyOfElement(key: Expression): string | undefined {
	if (key.kind === "concat") return joined(key.parts.map(keyOfElement));
	if (key.kind !== "literal" || key.value === "*") return undefined;
	const text = String(key.value);
	// Of addresses only those of IPv6 can be written in several ways; reading tens of thousands of others would cost.
	return text.includes(":") ? (parseAddress(text)?.toString() ?? text) : keyOfName(text);
}

const joined = (keys: readonly (string | undefined)[]): string | undefined =>
	keys.includes(undefined) ? undefined : keys.join(" . ");

/** `numgen random mod <modulus> offset <offset>`: every number is as likely as the others. */
function randomNumbers({ modulus, offset }: { modulus: number; offset: number }): PossibleValue[] {
	if (modulus > mostDraws)
		return [{ probability: 1, value: unknown(`numgen random mod ${modulus} has too many values`) }];
	return Array.from({ length: modulus }, (_, i) => ({
		probability: 1 / modulus,
		value: { kind: "number", value: offset + i },
	}));
}

/** Every combination of what the parts may be. */
function combine(parts: PossibleValue[][]): { probability: number; values: Value[] }[] {
	let combined: { probability: number; values: Value[] }[] = [{ probability: 1, values: [] }];
	for (const part of parts) {
		combined = combined.flatMap(({ probability, values }) =>
			part.map((drawn) => ({ probability: probability * drawn.probability, values: [...values, drawn.value] })),
		);
		if (combined.length > mostDraws) return [{ probability: 1, values: [unknown("the rule draws too many lots")] }];
	}
	return combined;
}

function concat(parts: Value[]): Value {
	return parts.find(({ kind }) => kind === "absent") ?? { kind: "concat", parts };
}

function calculate(operator: "&" | "|" | "^", [left, right]: Value[]): Value {
	if (left?.kind !== "number" || right?.kind !== "number") {
		return (
			[left, right].find((value) => value?.kind === "absent") ?? unknown(`what "${operator}" gives here is not known`)
		);
	}
	const bits = { "&": left.value & right.value, "|": left.value | right.value, "^": left.value ^ right.value }[
		operator
	];
	return { kind: "number", value: bits >>> 0 };
}
