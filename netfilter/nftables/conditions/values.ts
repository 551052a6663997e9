/** The values that an nftables rule compares. */
import { type Address, parseAddress } from "../../address.ts";
import type { Chance } from "../../chance.ts";
import type { Expression } from "../expressions.ts";

export type Value =
	/** All addresses that it may be: masquerading may choose one of several. */
	| { kind: "address"; candidates: readonly Address[] }
	| { kind: "number"; value: number }
	/** A number of which only the bits `known` are known. */
	| { kind: "masked"; value: number; known: number }
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
	/** Why it isn't known how likely each of the values is. */
	open?: string;
}

export const absent: Value = { kind: "absent" };

export const unknown = (reason: string): Value => ({ kind: "unknown", reason });

export const tcpFlags = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128 } as const;

const isFlag = (name: string): name is keyof typeof tcpFlags => name in tcpFlags;

const allBits = 0xffffffff;

/** A number of 32 bits, of which only some may be known. */
export function masked(value: number, known: number): Value {
	const bits = known >>> 0;
	return bits === allBits
		? { kind: "number", value: value >>> 0 }
		: { kind: "masked", value: (value & bits) >>> 0, known: bits };
}

/** A number, also by the name of a flag of TCP. */
export function numberOf(value: Value | undefined): number | undefined {
	if (value?.kind === "number") return value.value;
	return value?.kind === "name" && isFlag(value.value) ? tcpFlags[value.value] : undefined;
}

export function literal(value: string | number): Value {
	if (typeof value === "number") return { kind: "number", value };
	const address = parseAddress(value);
	return address ? { kind: "address", candidates: [address] } : { kind: "name", value };
}

/** The value of an expression that doesn't depend on the packet; "unknown" for prefixes, ranges and "*". */
export function constant(expression: Expression): Value {
	if (expression.kind === "literal" && expression.value !== "*") return literal(expression.value);
	if (expression.kind === "concat") return { kind: "concat", parts: expression.parts.map(constant) };
	if (expression.kind === "binary" && expression.operator === "|") {
		const [left, right] = [expression.left, expression.right].map((one) => numberOf(constant(one)));
		if (left !== undefined && right !== undefined) return { kind: "number", value: left | right };
	}
	return unknown("it isn't a single value");
}

/** nft prints numbers if the machine has no /etc/protocols. */
const protocolNumbers: Record<string, string> = { tcp: "6", udp: "17", sctp: "132" };

const keyOfName = (name: string): string => protocolNumbers[name] ?? (isFlag(name) ? String(tcpFlags[name]) : name);

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
	if (key.kind !== "literal") return undefined;
	const text = String(key.value);
	// "*", or all names that begin so: "veth*".
	if (text.endsWith("*")) return undefined;
	// Only IPv6 addresses can be written in several ways; parsing tens of thousands of others would be slow.
	return text.includes(":") ? (parseAddress(text)?.toString() ?? text) : keyOfName(text);
}

const joined = (keys: readonly (string | undefined)[]): string | undefined =>
	keys.includes(undefined) ? undefined : keys.join(" . ");
