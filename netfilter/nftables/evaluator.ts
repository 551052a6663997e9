/** Whether a packet meets a condition of a rule of nftables. */
import type { Network } from "../address.ts";
import { type Chance, not } from "../chance.ts";
import type { PacketState } from "../state.ts";
import { chanceOf, chanceOfMember, chanceOfOrder, findElement } from "./comparison.ts";
import type { Element, Expression } from "./expressions.ts";
import type { NamedSet } from "./parse.ts";
import { constant, type PossibleValue, possibleValues, type Value } from "./values.ts";

export interface Judgement {
	chance: Chance;
	/** Why the chance is unknown. */
	reason?: string;
}

/** A table's sets, asked about one packet. */
export class Evaluator {
	private readonly state: PacketState;
	private readonly network: Network;
	private readonly sets: ReadonlyMap<string, NamedSet>;

	constructor(state: PacketState, network: Network, sets: ReadonlyMap<string, NamedSet>) {
		this.state = state;
		this.network = network;
		this.sets = sets;
	}

	/** All values that an expression may have: several where it draws lots. */
	draw(expression: Expression): PossibleValue[] {
		return possibleValues(expression, this.state, this.network, (data, key) => this.mapped(data, key));
	}

	judge({ operator, left, right }: { operator: string; left: Expression; right: Expression }): Judgement {
		let chance = 0;
		for (const { probability, value } of this.draw(left)) {
			const one = this.chanceOf(operator, value, right);
			if (one === "unknown") return { chance: "unknown", reason: reasonOf(value, left) };
			chance += probability * one;
		}
		return { chance };
	}

	/** The element of a map under a key; undefined: there is none. */
	find(data: Expression, key: Value): Element | "unknown" | undefined {
		if (data.kind === "set") return findElement(data.content, key);
		const named = data.kind === "reference" ? this.sets.get(data.name) : undefined;
		return named ? findElement(named.content, key) : "unknown";
	}

	private chanceOf(operator: string, value: Value, right: Expression): Chance {
		// A field that the packet does not have ends the rule, even one that must not be something (NFT_BREAK).
		if (value.kind === "absent") return 0;
		switch (operator) {
			case "in":
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
		return named ? chanceOfMember(named.content, value) : "unknown";
	}

	private mapped(data: Expression, key: Value): Value {
		const element = this.find(data, key);
		if (element === undefined) return { kind: "absent" };
		const value = element === "unknown" ? undefined : element.value;
		return value && value.kind !== "verdict"
			? constant(value)
			: { kind: "unknown", reason: "no element of the map is certain" };
	}
}

/** A state of many bits equals one of them only if no other is set, and we do not know them all. */
const exactly = (value: Value, member: Chance): Chance =>
	value.kind === "bits" && !value.exclusive && member !== 0 ? "unknown" : member;

const reasonOf = (value: Value, left: Expression): string =>
	value.kind === "unknown" ? value.reason : `the rule compares ${left.kind}, and what with is not understood`;
