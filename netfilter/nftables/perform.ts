/** What one rule of nftables does with a packet: its statements one after the other, until one does not hold. */
import { type Network, withPort } from "../address.ts";
import type { Branch, Verdict as Next } from "../chain.ts";
import { masquerade, type Translation, translateDestination, translateSource, withoutTracking } from "../nat.ts";
import { rejectionOfNft } from "../rejection.ts";
import { type Action, type PacketState, type RuleReference, recorded } from "../state.ts";
import { concerns, translationOf } from "./effects.ts";
import { Evaluator } from "./evaluator.ts";
import type { Expression, Verdict } from "./expressions.ts";
import { endpointOf, objectOf } from "./nftablesChainNames.ts";
import type { Rule, Table } from "./parse.ts";
import { renderRule } from "./render.ts";
import type { Statement } from "./statements.ts";
import type { Value } from "./values.ts";

/** Where the rule stands. */
export interface Surroundings {
	table: Table;
	chain: string;
	network: Network;
}

/** A packet after a statement: "next" goes on to the rule's next one, anything else is the rule's end. */
type Outcome = Branch<Next | "next">;

/** The packet's branches, or undefined where the rule lets it pass unchanged. */
export function perform(rule: Rule, state: PacketState, place: Surroundings): Branch[] | undefined {
	// A rule that does nothing lets every packet pass, whether its conditions are understood or not.
	if (!rule.statements.some(acts)) return undefined;
	const ended: Branch[] = [];
	let running: Branch[] = [{ probability: 1, state, verdict: "continue" }];
	for (const statement of rule.statements) {
		const next: Branch[] = [];
		for (const branch of running) {
			for (const { probability, state, verdict } of new RuleRun(rule, branch.state, place).perform(statement)) {
				const after = { probability: branch.probability * probability, state };
				if (verdict === "next") next.push({ ...after, verdict: "continue" });
				else ended.push({ ...after, verdict });
			}
		}
		running = next;
	}
	const branches = [...ended, ...running];
	return branches.length === 1 && branches[0]?.verdict === "continue" && branches[0].state === state
		? undefined
		: branches;
}

function acts(statement: Statement): boolean {
	if (statement.kind === "xt") return statement.type !== "match";
	return !["match", "counter", "observe"].includes(statement.kind);
}

/** One rule at work on one packet. */
class RuleRun {
	private readonly rule: Rule;
	private readonly state: PacketState;
	private readonly place: Surroundings;
	private readonly evaluator: Evaluator;

	constructor(rule: Rule, state: PacketState, place: Surroundings) {
		this.rule = rule;
		this.state = state;
		this.place = place;
		this.evaluator = new Evaluator(state, place.network, place.table.sets);
	}

	perform(statement: Statement): Outcome[] {
		if (!concerns(statement, this.state)) return [ended(this.state, "continue")];
		switch (statement.kind) {
			case "match":
				return this.match(statement);
			case "verdict":
				return [this.verdict(statement)];
			case "vmap":
				return this.verdictMap(statement);
			case "mark":
				return this.mark(statement.value);
			case "dnat":
			case "snat":
				return this.translate(statement);
			case "masquerade":
				return [this.masquerade(statement.flags.some((flag) => flag.includes("random")))];
			case "reject":
				return [this.act({ effect: "reject", with: rejectionOfNft(statement, this.state.family) }, "reject")];
			case "notrack":
				return [ended(withoutTracking(this.state, this.reference()), "next")];
			case "update":
				return [this.update(statement)];
			case "counter":
			case "observe":
				return [ended(this.state, "next")];
			case "xt":
				return [this.compatibility(statement)];
			case "unknown":
				return [this.unknown(`${JSON.stringify(statement.json)} is not understood`)];
		}
	}

	private match(statement: Extract<Statement, { kind: "match" }>): Outcome[] {
		const { chance, reason = "" } = this.evaluator.judge(statement);
		if (chance === "unknown") return [this.unlessItFails(statement, reason)];
		const met = { probability: chance, state: this.state, verdict: "next" } as const;
		const missed = { probability: 1 - chance, state: this.state, verdict: "continue" } as const;
		return [met, missed].filter(({ probability }) => probability > 0);
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
				if (!this.place.table.chains.has(chain)) return this.unknown(`the table has no chain "${chain}"`);
				return this.act({ effect: kind, to: chain }, { kind, chain }, { called: chain, comment });
			}
		}
	}

	private verdictMap({ key, data }: { key: Expression; data: Expression }): Outcome[] {
		return this.evaluator.draw(key).map(({ probability, value }) => {
			const element = value.kind === "absent" ? undefined : this.evaluator.find(data, value);
			if (element === undefined) return { probability, state: this.state, verdict: "continue" };
			if (element === "unknown" || element.value?.kind !== "verdict") {
				return { ...this.unknown(reasonOf(value, "which element of the map holds is not known")), probability };
			}
			return { ...this.verdict(element.value, element.comment ?? this.rule.comment), probability };
		});
	}

	private mark(expression: Expression): Outcome[] {
		return this.evaluator.draw(expression).map(({ probability, value }) => {
			if (value.kind === "absent") return { probability, state: this.state, verdict: "continue" };
			if (value.kind !== "number") return { ...this.unknown(reasonOf(value, "the mark is not known")), probability };
			const mark = value.value;
			return { ...this.act({ effect: "mark", mark }, "next", {}, { mark }), probability };
		});
	}

	private translate({ kind, address, port }: Extract<Statement, { kind: "dnat" | "snat" }>): Outcome[] {
		const parts = [address, port].filter((part) => part !== undefined);
		return this.evaluator.draw({ kind: "concat", parts }).map(({ probability, value }) => {
			if (value.kind === "absent") return { probability, state: this.state, verdict: "continue" };
			const to = translationOf(value);
			if (!to) return { ...this.unknown(reasonOf(value, "where it is translated to is not known")), probability };
			const state = kind === "dnat" ? this.destination(to) : translateSource(this.state, this.reference(), to);
			return { ...ended(state, "accept"), probability };
		});
	}

	private masquerade(random: boolean | undefined): Outcome {
		return ended(masquerade(this.state, this.reference(), this.place.network, random), "accept");
	}

	private destination(to: Translation): PacketState {
		const { chain } = this.place;
		const endpoint = withPort(to.address ?? this.state.destination, to.port ?? this.state.destinationPort);
		const object = endpointOf(chain, endpoint);
		return translateDestination(this.state, { ...this.reference(), ...(object && { object }) }, to);
	}

	/** kube-proxy puts a client's address into an endpoint's set: so session affinity remembers it. */
	private update({ operation, set, value }: Extract<Statement, { kind: "update" }>): Outcome {
		const isSource = value.kind === "payload" && value.field === "saddr";
		if (!isSource || operation === "delete") return this.unknown(`what set @${set} will hold is not known`);
		const affinity = new Set(this.state.affinity).add(set);
		return this.act({ effect: "update", to: set }, "next", {}, { affinity });
	}

	/** nft tells only the names of what iptables wrote: enough for a comment, and for a masquerade, whatever its flags. */
	private compatibility(statement: Extract<Statement, { kind: "xt" }>): Outcome {
		const { type, name } = statement;
		if (type === "match" && name === "comment") return ended(this.state, "next");
		if (type === "target" && name === "MASQUERADE") return this.masquerade(undefined);
		return this.unlessItFails(statement, `nft does not show what the ${type} "${name}" of iptables says`);
	}

	/** A condition that cannot be told does not matter where one after it fails. */
	private unlessItFails(statement: Statement, reason: string): Outcome {
		for (const next of this.rule.statements.slice(this.rule.statements.indexOf(statement) + 1)) {
			if (acts(next)) break;
			if (next.kind === "match" && this.evaluator.judge(next).chance === 0) return ended(this.state, "continue");
		}
		return this.unknown(reason);
	}

	private act(
		action: Action,
		next: Next | "next",
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

const ended = (state: PacketState, verdict: Next | "next"): Outcome => ({ probability: 1, state, verdict });

const reasonOf = (value: Value, otherwise: string): string => (value.kind === "unknown" ? value.reason : otherwise);
