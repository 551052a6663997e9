/** Evaluates the conditions of an nftables rule for one packet. */

import { type Chance, certainly, not } from "../../chance.ts";
import type { Network } from "../../node/hostNetwork.ts";
import type { PacketState } from "../../packet/state.ts";
import type { Element, Elements, Expression } from "../expressions.ts";
import type { NamedSet } from "../parse.ts";
import { chanceOf, chanceOfBits, chanceOfMember, chanceOfOrder, findElement, possibleElements } from "./comparison.ts";
import { possibleValues } from "./possibleValues.ts";
import { constant, type PossibleValue, type Value } from "./values.ts";

export interface Judgement {
	chance: Chance;
	/** Why the chance is unknown. */
	reason?: string;
	/** Names the condition, with what it sees of the packet: two of that name hold together. */
	key?: string;
}

interface Condition {
	operator: string;
	left: Expression;
	right: Expression;
}

/** Marks a set that a rule changed for this packet, so that its elements aren't known any more. */
export const changedSet = (name: string): string => `changed @${name}`;

/** A table's sets and one packet. */
export class Evaluator {
	private readonly state: PacketState;
	private readonly network: Network;
	private readonly sets: ReadonlyMap<string, NamedSet>;

	constructor(state: PacketState, network: Network, sets: ReadonlyMap<string, NamedSet>) {
		this.state = state;
		this.network = network;
		this.sets = sets;
	}

	/** All values that an expression may have: several if it chooses at random. */
	valuesOf(expression: Expression): PossibleValue[] {
		return possibleValues(expression, this.state, this.network, (data, key) => this.mapped(data, key));
	}

	judge(condition: Condition): Judgement {
		const { operator, left, right } = condition;
		let chance = 0;
		const values = this.valuesOf(left).map(({ value, ...drawn }) => ({
			...drawn,
			value,
			one: this.chanceOf(operator, value, right),
		}));
		for (const { probability, value, open, one } of values) {
			if (one === "unknown") return this.assumed(condition, reasonOf(value, left));
			// Another value may have another chance.
			if (open !== undefined && one !== values[0]?.one) return { chance: "unknown", reason: open };
			chance += probability * one;
		}
		return { chance: values.some(({ open }) => open !== undefined) ? (values[0]?.one ?? chance) : chance };
	}

	/** The answer that this branch follows to a condition that can't be evaluated. */
	private assumed({ operator, left, right }: Condition, reason: string): Judgement {
		const { assumptions, sources, sourcePort, destination, destinationPort, mark, knownMark, conntrack, hook } =
			this.state;
		const seen = [
			sources.map(String),
			sourcePort,
			`${destination}`,
			destinationPort,
			mark,
			knownMark,
			conntrack.mark,
			hook,
		];
		const isInterface = left.kind === "meta" && /^[io]if(name)?$/.test(left.key);
		const key = JSON.stringify([left, right, isInterface ? `${destination}` : seen]);
		if (/"(numgen|random|time)"/.test(key)) return { chance: "unknown", reason };
		const held = assumptions.get(key);
		const isNegated = operator === "!=";
		if (held === undefined) return { chance: "unknown", reason, key: `${isNegated ? "!" : ""}${key}` };
		return { chance: certainly(held !== isNegated) };
	}

	/** The element of a map with that key; undefined: the map doesn't have one. */
	find(data: Expression, key: Value): Element | "unknown" | undefined {
		const content = this.contentOf(data);
		return content ? findElement(content, key) : "unknown";
	}

	/** Every element that may have that key, undefined for none; an empty list: the map isn't known. */
	findAll(data: Expression, key: Value): (Element | undefined)[] {
		const content = this.contentOf(data);
		return content ? possibleElements(content, key) : [];
	}

	private contentOf(data: Expression): Elements | undefined {
		if (data.kind === "set") return data.content;
		if (data.kind !== "reference" || this.state.affinity.has(changedSet(data.name))) return undefined;
		return this.sets.get(data.name)?.content;
	}

	private chanceOf(operator: string, value: Value, right: Expression): Chance {
		// A field that the packet doesn't have ends the rule, also with "!=" (NFT_BREAK).
		if (value.kind === "absent") return 0;
		switch (operator) {
			// `tcp flags ! syn,rst`: none of them is set.
			case "!":
				return value.kind === "number" ? not(chanceOfBits(value.value, right)) : "unknown";
			case "in":
				if (value.kind === "number" && right.kind !== "set" && right.kind !== "reference")
					return chanceOfBits(value.value, right);
				return this.chanceIn(value, right);
			case "==":
				return exactly(value, this.chanceIn(value, right));
			case "!=":
				return not(exactly(value, this.chanceIn(value, right)));
			default:
				return chanceOfOrder(operator, value, right);
		}
	}

	private chanceIn(value: Value, right: Expression): Chance {
		if (right.kind === "set") return chanceOfMember(right.content, value);
		if (right.kind !== "reference") return chanceOf(value, right);
		const isSource = value.kind === "address" && value.candidates === this.state.sources;
		if (isSource && this.state.affinity.has(right.name)) return 1;
		const named = this.sets.get(right.name);
		const chance = named ? chanceOfMember(named.content, value) : "unknown";
		return this.state.affinity.has(changedSet(right.name)) ? "unknown" : chance;
	}

	/** The value of a map's element, if the key is certain; "absent": the map doesn't have one. */
	elementOf({ key, data }: { key: Expression; data: Expression }): Expression | "absent" | undefined {
		const [only, ...others] = this.valuesOf(key);
		if (!only || others.length > 0) return undefined;
		const element = only.value.kind === "absent" ? undefined : this.find(data, only.value);
		if (element === "unknown") return undefined;
		if (element === undefined) return "absent";
		return element.value?.kind === "verdict" ? undefined : element.value;
	}

	private mapped(data: Expression, key: Value): Value {
		const element = this.find(data, key);
		if (element === undefined) return { kind: "absent" };
		const value = element === "unknown" ? undefined : element.value;
		return value && value.kind !== "verdict"
			? constant(value)
			: { kind: "unknown", reason: "which element of the map holds is unknown" };
	}
}

/** A value of several bits equals one bit only if no other is set, and not all of them are known. */
const exactly = (value: Value, member: Chance): Chance =>
	value.kind === "bits" && !value.exclusive && member !== 0 ? "unknown" : member;

const reasonOf = (value: Value, left: Expression): string =>
	value.kind === "unknown" || value.kind === "tested"
		? value.reason
		: `the rule compares ${left.kind} with a value that isn't supported`;
