/** Applies one nftables rule to a packet: its statements in order, until a condition fails. */
import { observers } from "../iptables/targets.ts";
import { withoutTracking } from "../packet/nat.ts";
import { assuming, type PacketState } from "../packet/state.ts";
import { rejectionOfNft } from "../rejection.ts";
import type { Next, Step } from "../traversal/chain.ts";
import type { FinishedBranch, Walker } from "../traversal/walker.ts";
import type { Value } from "./conditions/values.ts";
import {
	concerns,
	isRandom,
	masqueradeBy,
	redirectTo,
	setConnectionMark,
	setMark,
	translate,
	updateSet,
} from "./effects.ts";
import type { Element, Expression, Verdict } from "./expressions.ts";
import type { Rule } from "./parse.ts";
import {
	type After,
	ended,
	type Fork,
	type Outcome,
	outcomesOf,
	type Place,
	RuleContext,
	reasonOf,
} from "./ruleContext.ts";
import type { Statement } from "./statements.ts";

/** A map with more elements that may hold isn't followed. */
const mostAlternatives = 16;

/** Follows the packet after the rule; undefined: the rule doesn't affect it. */
export function perform(
	rule: Rule,
	initial: PacketState,
	place: Place,
	walker: Walker,
	next: Next,
): FinishedBranch[] | Step | undefined {
	// A rule that does nothing lets every packet pass, whether its conditions are supported or not.
	if (!rule.statements.some(acts)) return undefined;
	const passed = (state: PacketState): Step | undefined =>
		state === initial ? undefined : { state, verdict: "continue" };

	function from(index: number, entering: PacketState): FinishedBranch[] | Step | undefined {
		let state = entering;
		for (let at = index; at < rule.statements.length; at++) {
			const run = new RuleRun(rule, state, place);
			const result = run.perform(at);
			const follow = (after: PacketState, verdict: After): FinishedBranch[] => {
				const rest = verdict === "next" ? from(at + 1, after) : { state: after, verdict };
				if (Array.isArray(rest)) return rest;
				return rest ? next(rest.state, rest.verdict) : next(after, "continue");
			};
			if (!Array.isArray(result)) {
				const question = { state, rule: run.context.reference(), reason: result.reason };
				return walker.oneOf(
					question,
					result.branches.map((branch) => () => follow(branch.state, branch.verdict)),
				);
			}
			const [only, ...others] = result;
			if (others.length > 0 || !only) return walker.choose(result, follow);
			if (only.verdict === "continue") return passed(only.state);
			if (only.verdict !== "next") return { state: only.state, verdict: only.verdict };
			state = only.state;
		}
		return passed(state);
	}

	return from(0, initial);
}

function acts(statement: Statement): boolean {
	if (statement.kind === "xt") return statement.type !== "match" && !observers.has(statement.name);
	return !["match", "counter", "observe", "limit"].includes(statement.kind);
}

/** One rule at work on one packet. */
class RuleRun {
	readonly context: RuleContext;

	constructor(rule: Rule, state: PacketState, place: Place) {
		this.context = new RuleContext(rule, state, place);
	}

	private get state(): PacketState {
		return this.context.state;
	}

	perform(index: number): Outcome[] | Fork {
		const statement = this.context.rule.statements[index] as Statement;
		if (!concerns(statement, this.state)) return [ended(this.state, "continue")];
		switch (statement.kind) {
			case "match":
				return this.match(statement, index);
			case "verdict":
				return [this.verdict(statement)];
			case "vmap":
				return this.verdictMap(statement);
			case "mark":
				return setMark(this.context, statement.value);
			case "connection-mark":
				return setConnectionMark(this.context, statement.value);
			case "dnat":
			case "snat":
				return translate(this.context, statement);
			case "masquerade":
				return [masqueradeBy(this.context, statement.port || isRandom(statement) ? undefined : false)];
			case "redirect":
				return redirectTo(this.context, statement.port);
			case "reject":
				return [this.context.act({ effect: "reject", with: rejectionOfNft(statement, this.state.family) }, "reject")];
			case "notrack":
				return [ended(withoutTracking(this.state, this.context.reference()), "next")];
			case "update":
				return [updateSet(this.context, statement)];
			case "counter":
			case "observe":
				return [ended(this.state, "next")];
			case "limit":
				return this.open(index, `${JSON.stringify(statement.json)} depends on earlier packets`);
			case "xt":
				return this.compatibility(statement, index);
			case "unknown":
				return [this.context.unknown(`${JSON.stringify(statement.json)} isn't supported`)];
		}
	}

	private match(statement: Extract<Statement, { kind: "match" }>, index: number): Outcome[] | Fork {
		const { chance, reason = "", key } = this.context.evaluator.judge(statement);
		if (chance === "unknown") return this.open(index, reason, key);
		const met = { probability: chance, state: this.state, verdict: "next" } as const;
		const missed = { probability: 1 - chance, state: this.state, verdict: "continue" } as const;
		return [met, missed].filter(({ probability }) => probability > 0);
	}

	/** A condition that can't be evaluated doesn't matter if a later one fails. */
	private open(index: number, reason: string, key?: string): Outcome[] | Fork {
		for (const next of this.context.rule.statements.slice(index + 1)) {
			if (acts(next)) break;
			if (next.kind === "match" && this.context.evaluator.judge(next).chance === 0)
				return [ended(this.state, "continue")];
		}
		const isNegated = key?.startsWith("!") ?? false;
		const name = isNegated ? key?.slice(1) : key;
		const met = ended(assuming(this.state, name, !isNegated), "next");
		return { reason, branches: [ended(assuming(this.state, name, isNegated), "continue"), met] };
	}

	private verdict(verdict: Verdict, comment = this.context.rule.comment): Outcome {
		switch (verdict.verdict) {
			case "accept":
			case "drop":
			case "return":
				return this.context.act({ effect: verdict.verdict }, verdict.verdict, { comment });
			case "continue":
				return ended(this.state, "continue");
			case "jump":
			case "goto": {
				const { verdict: kind, chain } = verdict;
				if (!this.context.place.table.chains.has(chain))
					return this.context.unknown(`the table doesn't have chain "${chain}"`);
				return this.context.act({ effect: kind, to: chain }, { kind, chain }, { called: chain, comment });
			}
		}
	}

	private verdictMap({ key, data }: { key: Expression; data: Expression }): Outcome[] | Fork {
		const values = this.context.evaluator.valuesOf(key);
		const [first] = values;
		const isOpen = values.length === 1 && first !== undefined && first.value.kind !== "absent";
		if (isOpen && this.context.evaluator.find(data, first.value) === "unknown") {
			return this.alternatives(first.value, this.context.evaluator.findAll(data, first.value));
		}
		return outcomesOf(values, (value) => {
			const element = value.kind === "absent" ? undefined : this.context.evaluator.find(data, value);
			return this.ofElement(element, value);
		});
	}

	private alternatives(value: Value, elements: (Element | undefined)[]): Outcome[] | Fork {
		const reason = reasonOf(value, "the rule doesn't show which element of the map holds");
		if (elements.length === 0 || elements.length > mostAlternatives) return [this.context.unknown(reason)];
		return { reason, branches: elements.map((element) => this.ofElement(element, value)) };
	}

	private ofElement(element: Element | "unknown" | undefined, value: Value): Outcome {
		if (element === undefined) return ended(this.state, "continue");
		if (element === "unknown" || element.value?.kind !== "verdict") {
			return this.context.unknown(reasonOf(value, "which element of the map holds is unknown"));
		}
		return this.verdict(element.value, element.comment ?? this.context.rule.comment);
	}

	/** nft shows only the names of what iptables wrote: enough for a comment, and for a masquerade without its flags. */
	private compatibility({ type, name }: Extract<Statement, { kind: "xt" }>, index: number): Outcome[] | Fork {
		if (type === "match" && name === "comment") return [ended(this.state, "next")];
		if (type === "target" && observers.has(name)) return [ended(this.state, "next")];
		if (type === "target" && name === "MASQUERADE") return [masqueradeBy(this.context, undefined)];
		const reason = `nft doesn't show the options of iptables' ${type} "${name}"`;
		return type === "match" ? this.open(index, reason) : [this.context.unknown(reason)];
	}
}
