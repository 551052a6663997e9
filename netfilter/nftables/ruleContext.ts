/** One nftables rule at work on one packet: what its statements record. */
import type { Network } from "../node/hostNetwork.ts";
import { type Action, type PacketState, type RuleReference, recorded } from "../packet/state.ts";
import type { Branch, Verdict as NextVerdict } from "../traversal/walker.ts";
import { Evaluator } from "./conditions/evaluator.ts";
import type { PossibleValue, Value } from "./conditions/values.ts";
import { objectOf } from "./nftablesChainNames.ts";
import type { Rule, Table } from "./parse.ts";
import { renderRule } from "./render.ts";

/** Where the rule is. */
export interface Place {
	table: Table;
	chain: string;
	network: Network;
}

/** "next" goes on to the rule's next statement, anything else ends the rule. */
export type After = NextVerdict | "next";

/** A packet after a statement. */
export type Outcome = Branch<After>;

/** A statement whose effect depends on an open question: the packet takes one of the branches. */
export interface Fork {
	reason: string;
	/** The first one is shown if they agree. */
	branches: Outcome[];
}

export class RuleContext {
	readonly rule: Rule;
	readonly state: PacketState;
	readonly place: Place;
	readonly evaluator: Evaluator;

	constructor(rule: Rule, state: PacketState, place: Place) {
		this.rule = rule;
		this.state = state;
		this.place = place;
		this.evaluator = new Evaluator(state, place.network, place.table.sets);
	}

	act(
		action: Action,
		next: After,
		of: { called?: string; comment?: string | undefined } = {},
		changes: Partial<PacketState> = {},
	): Outcome {
		return ended(recorded(this.state, this.reference(of), action, changes), next);
	}

	unknown(reason: string): Outcome {
		return this.act({ effect: "unknown", reason }, "unknown");
	}

	reference({
		called,
		comment = this.rule.comment,
	}: {
		called?: string;
		comment?: string | undefined;
	} = {}): RuleReference {
		const { table, chain } = this.place;
		const object = objectOf({ chain, ...(called !== undefined && { called }), comment }, this.state);
		const rule = renderRule(this.rule);
		return { table: table.name, chain, rule, ...(comment !== undefined && { comment }), ...(object && { object }) };
	}
}

/** One outcome for each value; if it isn't known how likely each is, the packet takes one of the branches. */
export function outcomesOf(values: readonly PossibleValue[], outcomeOf: (value: Value) => Outcome): Outcome[] | Fork {
	const outcomes = values.map(({ probability, value }) => ({ ...outcomeOf(value), probability }));
	const reason = values.find(({ open }) => open !== undefined)?.open;
	return reason === undefined ? outcomes : { reason, branches: outcomes.map((one) => ({ ...one, probability: 1 })) };
}

export const ended = (state: PacketState, verdict: After): Outcome => ({ probability: 1, state, verdict });

export const reasonOf = (value: Value, otherwise: string): string =>
	value.kind === "unknown" || value.kind === "tested" ? value.reason : otherwise;
