/** Evaluates an expression of an nftables rule for one packet; if it chooses at random, there are several values. */
import ipaddr from "ipaddr.js";
import type { Network } from "../../node/hostNetwork.ts";
import type { PacketState } from "../../packet/state.ts";
import type { Expression } from "../expressions.ts";
import { fieldOf } from "./fields.ts";
import { numberOf, type PossibleValue, unknown, type Value } from "./values.ts";

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
	if (operator === "&" && left && right) {
		const address = maskedAddress(left, right);
		if (address) return address;
		const mask = numberOf(right);
		if (left.kind === "masked" && mask !== undefined && (mask & ~left.known) === 0)
			return { kind: "number", value: left.value & mask };
	}
	const [a, b] = [numberOf(left), numberOf(right)];
	if (a === undefined || b === undefined) return missing ?? unknown(`the result of "${operator}" is unknown here`);
	const bits = { "&": a & b, "|": a | b, "^": a ^ b }[operator];
	return { kind: "number", value: bits >>> 0 };
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
