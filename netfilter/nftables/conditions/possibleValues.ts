/** Evaluates an expression of an nftables rule for one packet; if it chooses at random, there are several values. */
import ipaddr from "ipaddr.js";
import type { Network } from "../../node/hostNetwork.ts";
import type { PacketState } from "../../packet/state.ts";
import type { Expression } from "../expressions.ts";
import { fieldOf } from "./fields.ts";
import { masked, numberOf, type PossibleValue, unknown, type Value } from "./values.ts";

/** Returns the value of a map's element. */
export type LookUp = (data: Expression, key: Value) => Value;

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
		case "hash":
			return hashes(expression);
		case "concat":
			return combine(expression.parts.map(draw)).map(({ values, ...drawn }) => ({ ...drawn, value: concat(values) }));
		case "binary":
			return combine([draw(expression.left), draw(expression.right)]).map(({ values, ...drawn }) => ({
				...drawn,
				value: calculate(expression.operator, values),
			}));
		case "map":
			return draw(expression.key).map(({ value, ...drawn }) => ({
				...drawn,
				value: value.kind === "absent" ? value : lookUp(expression.data, value),
			}));
		default:
			return [{ probability: 1, value: fieldOf(expression, state, network) }];
	}
}

/** `numgen random mod <modulus> offset <offset>`: every number is equally likely. */
function randomNumbers({ modulus, offset }: { modulus: number; offset: number }): PossibleValue[] {
	if (modulus > mostDraws)
		return [{ probability: 1, value: unknown(`numgen random mod ${modulus} has too many values`) }];
	return Array.from({ length: modulus }, (_, i) => ({
		probability: 1 / modulus,
		value: { kind: "number", value: offset + i },
	}));
}

/** Beyond so many values of a hash, they aren't followed one by one. */
const mostHashes = 64;

function hashes({ json, modulus, offset }: { json: unknown; modulus: number; offset: number }): PossibleValue[] {
	const open = `the value of ${JSON.stringify(json)} is unknown`;
	if (modulus > mostHashes) return [{ probability: 1, value: unknown(open) }];
	return Array.from({ length: modulus }, (_, i) => ({
		probability: 1 / modulus,
		value: { kind: "number", value: offset + i },
		open,
	}));
}

type Combination = Omit<PossibleValue, "value"> & { values: Value[] };

/** Every combination of the parts' values. */
function combine(parts: PossibleValue[][]): Combination[] {
	let combined: Combination[] = [{ probability: 1, values: [] }];
	for (const part of parts) {
		combined = combined.flatMap(({ values, ...before }) =>
			part.map(({ probability, value, open = before.open }) => ({
				probability: before.probability * probability,
				values: [...values, value],
				...(open !== undefined && { open }),
			})),
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
	if (operator === "&" && left && right) {
		const address = maskedAddress(left, right);
		if (address) return address;
	}
	const masked = left && right && calculateMasked(operator, left, right);
	if (masked) return masked;
	const [a, b] = [numberOf(left), numberOf(right)];
	if (a === undefined || b === undefined) return missing ?? unknown(`the result of "${operator}" is unknown here`);
	const bits = { "&": a & b, "|": a | b, "^": a ^ b }[operator];
	return { kind: "number", value: bits >>> 0 };
}

/** Of a number of which only some bits are known. */
function calculateMasked(operator: "&" | "|" | "^", left: Value, right: Value): Value | undefined {
	const operand = numberOf(right);
	if (left.kind !== "masked" || operand === undefined) return undefined;
	const { value, known } = left;
	if (operator === "&") return masked(value & operand, known | ~operand);
	if (operator === "|") return masked(value | operand, known | operand);
	return masked(value ^ operand, known);
}

/** `ip saddr & 255.255.0.255` */
function maskedAddress(left: Value, right: Value): Value | undefined {
	const [mask] = right.kind === "address" ? right.candidates : [];
	if (left.kind !== "address" || !mask) return undefined;
	const bits = mask.toByteArray();
	const masked = left.candidates.map((address) =>
		ipaddr.fromByteArray(address.toByteArray().map((byte, index) => byte & (bits[index] ?? 0))),
	);
	return { kind: "address", candidates: masked };
}
