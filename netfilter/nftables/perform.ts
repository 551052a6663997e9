/** Applies one nftables rule to a packet: its statements in order, until a condition fails. */
import { type Network, withPort } from "../address.ts";
import type { Branch, FinishedBranch, Next, Verdict as NextVerdict, Walker } from "../chain.ts";
import { observers } from "../iptables/targets.ts";
import {
	masquerade,
	redirect,
	type Translation,
	translateDestination,
	translateSource,
	withoutTracking,
} from "../nat.ts";
import { rejectionOfNft } from "../rejection.ts";
import { type Action, assuming, hasConnection, type PacketState, type RuleReference, recorded } from "../state.ts";
import { changedSet, Evaluator } from "./conditions/evaluator.ts";
import { numberOf, type Value } from "./conditions/values.ts";
import { concerns, translationOf } from "./effects.ts";
import type { Element, Expression, Verdict } from "./expressions.ts";
import { endpointOf, objectOf } from "./nftablesChainNames.ts";
import type { Rule, Table } from "./parse.ts";
import { renderRule } from "./render.ts";
import type { Statement } from "./statements.ts";

/** Where the rule is. */
export interface Place {
	table: Table;
	chain: string;
	network: Network;
}

/** A packet after a statement: "next" goes on to the rule's next one, anything else ends the rule. */
type Outcome = Branch<NextVerdict | "next">;

/** A statement whose effect depends on an open question. */
interface Fork {
	reason: string;
	/** The packet on either branch; several alternatives if a map's element isn't known. */
	met: Outcome[];
	missed: Outcome;
}

/** A map with more elements that may hold isn't followed. */
const mostAlternatives = 16;

/** Follows the packet after the rule; undefined: the rule doesn't affect it. */
export function perform(
	rule: Rule,
	initial: PacketState,
	place: Place,
	walker: Walker,
	next: Next,
): FinishedBranch[] | undefined {
	// A rule that does nothing lets every packet pass, whether its conditions are supported or not.
	if (!rule.statements.some(acts)) return undefined;
	const passed = (state: PacketState) => (state === initial ? undefined : next(state, "continue"));

	function from(index: number, entering: PacketState): FinishedBranch[] | undefined {
		let state = entering;
		for (let at = index; at < rule.statements.length; at++) {
			const run = new RuleRun(rule, state, place);
			const result = run.perform(at);
			const follow = (after: PacketState, verdict: NextVerdict | "next"): FinishedBranch[] =>
				verdict === "next" ? (from(at + 1, after) ?? next(after, "continue")) : next(after, verdict);
			if (!Array.isArray(result)) return run.fork(result, walker, follow);
			const [only, ...others] = result;
			if (others.length > 0 || !only) return walker.choose(result, follow);
			if (only.verdict === "continue") return passed(only.state);
			if (only.verdict !== "next") return next(only.state, only.verdict);
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
	private readonly rule: Rule;
	private readonly state: PacketState;
	private readonly place: Place;
	private readonly evaluator: Evaluator;

	constructor(rule: Rule, state: PacketState, place: Place) {
		this.rule = rule;
		this.state = state;
		this.place = place;
		this.evaluator = new Evaluator(state, place.network, place.table.sets);
	}

	perform(index: number): Outcome[] | Fork {
		const statement = this.rule.statements[index] as Statement;
		if (!concerns(statement, this.state)) return [ended(this.state, "continue")];
		switch (statement.kind) {
			case "match":
				return this.match(statement, index);
			case "verdict":
				return [this.verdict(statement)];
			case "vmap":
				return this.verdictMap(statement);
			case "mark":
				return this.mark(statement.value);
			case "connection-mark":
				return this.connectionMark(statement.value);
			case "dnat":
			case "snat":
				return this.translate(statement);
			case "masquerade":
				return [this.masquerade(statement.port || isRandom(statement) ? undefined : false)];
			case "redirect":
				return this.redirect(statement.port);
			case "reject":
				return [this.act({ effect: "reject", with: rejectionOfNft(statement, this.state.family) }, "reject")];
			case "notrack":
				return [ended(withoutTracking(this.state, this.reference()), "next")];
			case "update":
				return [this.update(statement)];
			case "counter":
			case "observe":
				return [ended(this.state, "next")];
			case "limit":
				return this.open(index, `${JSON.stringify(statement.json)} depends on earlier packets`);
			case "xt":
				return this.compatibility(statement, index);
			case "unknown":
				return [this.unknown(`${JSON.stringify(statement.json)} isn't supported`)];
		}
	}

	/** The branches of an open question, each followed to its end. */
	fork(
		{ reason, met, missed }: Fork,
		walker: Walker,
		follow: (state: PacketState, verdict: NextVerdict | "next") => FinishedBranch[],
	): FinishedBranch[] {
		const question = { state: this.state, rule: this.reference(), reason };
		return met.reduce(
			(others: () => FinishedBranch[], { state, verdict }) =>
				() =>
					walker.fork(question, others, () => follow(state, verdict)),
			() => follow(missed.state, missed.verdict),
		)();
	}

	private match(statement: Extract<Statement, { kind: "match" }>, index: number): Outcome[] | Fork {
		const { chance, reason = "", key } = this.evaluator.judge(statement);
		if (chance === "unknown") return this.open(index, reason, key);
		const met = { probability: chance, state: this.state, verdict: "next" } as const;
		const missed = { probability: 1 - chance, state: this.state, verdict: "continue" } as const;
		return [met, missed].filter(({ probability }) => probability > 0);
	}

	/** A condition that can't be evaluated doesn't matter if a later one fails. */
	private open(index: number, reason: string, key?: string): Outcome[] | Fork {
		for (const next of this.rule.statements.slice(index + 1)) {
			if (acts(next)) break;
			if (next.kind === "match" && this.evaluator.judge(next).chance === 0) return [ended(this.state, "continue")];
		}
		const isNegated = key?.startsWith("!") ?? false;
		const name = isNegated ? key?.slice(1) : key;
		const met = ended(assuming(this.state, name, !isNegated), "next");
		return { reason, met: [met], missed: ended(assuming(this.state, name, isNegated), "continue") };
	}

	private verdict(verdict: Verdict, comment = this.rule.comment): Outcome {
		switch (verdict.verdict) {
			case "accept":
			case "drop":
			case "return":
				return this.act({ effect: verdict.verdict }, verdict.verdict, { comment });
			case "continue":
				return ended(this.state, "continue");
			case "jump":
			case "goto": {
				const { verdict: kind, chain } = verdict;
				if (!this.place.table.chains.has(chain)) return this.unknown(`the table doesn't have chain "${chain}"`);
				return this.act({ effect: kind, to: chain }, { kind, chain }, { called: chain, comment });
			}
		}
	}

	private verdictMap({ key, data }: { key: Expression; data: Expression }): Outcome[] | Fork {
		const values = this.evaluator.valuesOf(key);
		const [first] = values;
		const isOpen = values.length === 1 && first !== undefined && first.value.kind !== "absent";
		if (isOpen && this.evaluator.find(data, first.value) === "unknown") {
			return this.alternatives(first.value, this.evaluator.findAll(data, first.value));
		}
		return values.map(({ probability, value }) => {
			const element = value.kind === "absent" ? undefined : this.evaluator.find(data, value);
			return { ...this.ofElement(element, value), probability };
		});
	}

	private alternatives(value: Value, elements: (Element | undefined)[]): Outcome[] | Fork {
		const reason = reasonOf(value, "the rule doesn't show which element of the map holds");
		const [missed, ...met] = elements.map((element) => this.ofElement(element, value));
		if (!missed || elements.length > mostAlternatives) return [this.unknown(reason)];
		return { reason, missed, met };
	}

	private ofElement(element: Element | "unknown" | undefined, value: Value): Outcome {
		if (element === undefined) return ended(this.state, "continue");
		if (element === "unknown" || element.value?.kind !== "verdict") {
			return this.unknown(reasonOf(value, "which element of the map holds is unknown"));
		}
		return this.verdict(element.value, element.comment ?? this.rule.comment);
	}

	private mark(expression: Expression): Outcome[] {
		return this.evaluator.valuesOf(expression).map(({ probability, value }) => {
			if (value.kind === "absent") return { probability, state: this.state, verdict: "continue" };
			const mark = numberOf(value);
			if (mark === undefined) return { ...this.unknown(reasonOf(value, "the mark is unknown")), probability };
			return { ...this.act({ effect: "mark", mark }, "next", {}, { mark }), probability };
		});
	}

	/** Without a connection it does nothing (nft_ct_set_eval in net/netfilter/nft_ct.c). */
	private connectionMark(expression: Expression): Outcome[] {
		const { conntrack } = this.state;
		return this.evaluator.valuesOf(expression).map(({ probability, value }) => {
			if (value.kind === "absent") return { probability, state: this.state, verdict: "continue" };
			const state = { ...this.state, conntrack: { ...conntrack, mark: numberOf(value) } };
			return { probability, state: hasConnection(this.state) ? state : this.state, verdict: "next" };
		});
	}

	private translate(statement: Extract<Statement, { kind: "dnat" | "snat" }>): Outcome[] {
		const { kind, address, port } = statement;
		const parts = [address, port].filter((part) => part !== undefined);
		return this.evaluator.valuesOf({ kind: "concat", parts }).map(({ probability, value }) => {
			if (value.kind === "absent") return { probability, state: this.state, verdict: "continue" };
			const to = translationOf(value);
			if (!to) return { ...this.unknown(reasonOf(value, "the new address is unknown")), probability };
			const source = isRandom(statement) ? { ...to, port: "unknown" as const } : to;
			const state = kind === "dnat" ? this.destination(to) : translateSource(this.state, this.reference(), source);
			return { ...ended(state, "accept"), probability };
		});
	}

	private redirect(port: Expression | undefined): Outcome[] {
		const values = port ? this.evaluator.valuesOf(port) : [{ probability: 1, value: undefined }];
		return values.map(({ probability, value }) => {
			const wanted = numberOf(value);
			const isKnown = value === undefined || wanted !== undefined;
			const state = isKnown && redirect(this.state, this.reference(), this.place.network, wanted);
			if (state) return { probability, state, verdict: "accept" };
			return { ...this.unknown("the address or port that it redirects to is unknown"), probability };
		});
	}

	private masquerade(otherPort: boolean | undefined): Outcome {
		return ended(masquerade(this.state, this.reference(), this.place.network, otherPort), "accept");
	}

	private destination(to: Translation): PacketState {
		const { chain } = this.place;
		const port = typeof to.port === "number" ? to.port : this.state.destinationPort;
		const object = endpointOf(chain, withPort(to.address ?? this.state.destination, port));
		return translateDestination(this.state, { ...this.reference(), ...(object && { object }) }, to);
	}

	/** kube-proxy stores a client's address in an endpoint's set, for session affinity. */
	private update({ operation, set, value }: Extract<Statement, { kind: "update" }>): Outcome {
		const affinity = new Set(this.state.affinity);
		const isSource = value.kind === "payload" && value.field === "saddr";
		if (!isSource || operation === "delete")
			return ended({ ...this.state, affinity: affinity.add(changedSet(set)) }, "next");
		affinity.add(set);
		return this.act({ effect: "update", to: set }, "next", {}, { affinity });
	}

	/** nft shows only the names of what iptables wrote: enough for a comment, and for a masquerade without its flags. */
	private compatibility({ type, name }: Extract<Statement, { kind: "xt" }>, index: number): Outcome[] | Fork {
		if (type === "match" && name === "comment") return [ended(this.state, "next")];
		if (type === "target" && observers.has(name)) return [ended(this.state, "next")];
		if (type === "target" && name === "MASQUERADE") return [this.masquerade(undefined)];
		const reason = `nft doesn't show the options of iptables' ${type} "${name}"`;
		return type === "match" ? this.open(index, reason) : [this.unknown(reason)];
	}

	private act(
		action: Action,
		next: NextVerdict | "next",
		of: { called?: string; comment?: string | undefined } = {},
		changes = {},
	): Outcome {
		return ended(recorded(this.state, this.reference(of), action, changes), next);
	}

	private unknown(reason: string): Outcome {
		return this.act({ effect: "unknown", reason }, "unknown");
	}

	private reference({
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

const ended = (state: PacketState, verdict: NextVerdict | "next"): Outcome => ({ probability: 1, state, verdict });

const isRandom = ({ flags }: { flags: string[] }): boolean => flags.some((flag) => flag.includes("random"));

const reasonOf = (value: Value, otherwise: string): string =>
	value.kind === "unknown" || value.kind === "tested" ? value.reason : otherwise;
