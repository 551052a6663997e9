/** How a packet passes through chains: rule by rule, with jumps, gotos and returns, and several branches at once. */
import { type PacketState, type RuleReference, recorded, stateKey } from "./state.ts";

/** What happens to a packet after a rule, or at the end of a chain. */
export type Verdict = "continue" | "return" | Ending | Call;

/** The packet leaves this base chain. */
export type Ending = "accept" | "drop" | "reject" | "unknown";

/** A jump returns to the next rule, a goto to the caller of the last jump. */
export interface Call {
	kind: "jump" | "goto";
	chain: string;
}

/** One possibility; the probabilities of all branches of a rule add up to 1. */
export interface Branch<V = Verdict> {
	probability: number;
	state: PacketState;
	verdict: V;
}

/** A packet that was dropped or rejected, or that left the rules on its way to its destination. */
export interface FinishedBranch extends Branch<Exclude<Ending, "accept"> | "delivered"> {
	/** Conditions that couldn't be evaluated and that the result doesn't depend on. */
	unevaluated?: readonly string[];
}

export type Continuation = (state: PacketState) => FinishedBranch[];
export type Next = (state: PacketState, verdict: Verdict) => FinishedBranch[];

/** A table's chains, whichever tool wrote them. */
export interface Chains<Rule> {
	table: string;
	/** undefined: the chain doesn't exist. */
	rulesOf(chain: string): readonly Rule[] | undefined;
	/** Applies the rule and follows its branches by `next`; undefined: the rule doesn't affect the packet. */
	apply(rule: Rule, state: PacketState, chain: string, walker: Walker, next: Next): FinishedBranch[] | undefined;
}

/** A condition that can't be evaluated. */
export interface OpenQuestion {
	state: PacketState;
	rule: RuleReference;
	reason: string;
}

/** Limits the work on rules with many conditions that can't be evaluated. */
const mostForks = 1000;

/** Follows the branches of one packet. */
export class Walker {
	private forks = 0;
	/** Above 0 while a result is only compared: then its hops are never shown. */
	private comparing = 0;
	private readonly known = new Map<string, FinishedBranch[]>();

	choose<V>(
		branches: readonly Branch<V>[],
		next: (state: PacketState, verdict: V) => FinishedBranch[],
	): FinishedBranch[] {
		return branches
			.filter(({ probability }) => probability > 0)
			.flatMap(({ probability, state, verdict }) =>
				next(state, verdict).map((end) => ({ ...end, probability: end.probability * probability })),
			);
	}

	/** Follows both answers to an open question: the result is unknown only if they lead to different results. */
	fork(question: OpenQuestion, missed: () => FinishedBranch[], met: () => FinishedBranch[]): FinishedBranch[] {
		const { state, rule, reason } = question;
		this.forks++;
		if (this.forks > mostForks) return unknownEnd(state, rule, "too many conditions of these rules can't be evaluated");
		const shown = missed();
		if (shown.every(({ verdict }) => verdict === "unknown")) return shown;
		this.comparing++;
		const other = met();
		this.comparing--;
		if (!sameResults(shown, other)) return unknownEnd(state, rule, reason);
		return shown.map((end) => ({ ...end, unevaluated: [...(end.unevaluated ?? []), reason] }));
	}

	/**
	 * Remembers the result from a place in the rules on, so that many forks that meet again cost little. It is reused only
	 * for comparisons, because its hops are those of the first branch that came there.
	 */
	remembered(place: string, state: PacketState, walk: () => FinishedBranch[]): FinishedBranch[] {
		if (this.forks === 0) return walk();
		const key = `${place} ${stateKey(state)}`;
		const known = this.comparing > 0 ? this.known.get(key) : undefined;
		if (known) return known;
		const result = walk();
		this.known.set(key, result);
		return result;
	}
}

const unknownEnd = (state: PacketState, rule: RuleReference, reason: string): FinishedBranch[] => [
	{ probability: 1, state: recorded(state, rule, { effect: "unknown", reason }), verdict: "unknown" },
];

/** The same packet, if its result can't be trusted. */
export const doubted = (end: FinishedBranch, rule: RuleReference, reason: string): FinishedBranch => ({
	probability: end.probability,
	state: recorded(end.state, rule, { effect: "unknown", reason }),
	verdict: "unknown",
});

/** Whether sender and receivers can't tell the results apart. */
export function sameResults(one: readonly FinishedBranch[], other: readonly FinishedBranch[]): boolean {
	const [a, b] = [shares(one), shares(other)];
	return a.size === b.size && [...a].every(([result, share]) => Math.abs(share - (b.get(result) ?? -1)) < 1e-9);
}

function shares(ends: readonly FinishedBranch[]): Map<string, number> {
	const found = new Map<string, number>();
	for (const { probability, state, verdict } of ends) {
		const result = resultOf(verdict, state);
		found.set(result, (found.get(result) ?? 0) + probability);
	}
	return found;
}

function resultOf(verdict: FinishedBranch["verdict"], { sources, destination, destinationPort, lastHop }: PacketState) {
	if (verdict === "delivered") return `${sources.map(String).sort()} ${destination} ${destinationPort}`;
	return verdict === "reject" && lastHop?.hop.effect === "reject" ? `reject ${lastHop.hop.with}` : verdict;
}

/** iptables-legacy allows as many nested jumps as there are chains, nftables 16 (NFT_JUMP_STACK_SIZE). */
const deepest = 500;

/** What a base chain does with packets that reach its end. */
export interface Policy {
	verdict: "accept" | "drop";
	/** How a hop shows it. */
	rule: string;
}

/** A chain that a packet is in, and what follows when the chain returns. */
interface Frame {
	chain: string;
	/** Names the frame and its callers. */
	place: string;
	depth: number;
	returned: Continuation;
}

/** Follows a packet that enters a base chain. */
export function walkBaseChain<Rule>(
	chains: Chains<Rule>,
	chain: string,
	policy: Policy,
	walker: Walker,
	state: PacketState,
	accepted: Continuation,
): FinishedBranch[] {
	const { table } = chains;
	const end = (state: PacketState, verdict: Ending): FinishedBranch[] =>
		verdict === "accept" ? accepted(state) : [{ probability: 1, state, verdict }];
	const returned = (state: PacketState) =>
		policy.verdict === "accept"
			? accepted(state)
			: end(recorded(state, { table, chain, rule: policy.rule }, { effect: "drop" }), "drop");

	function enter(frame: Frame, state: PacketState): FinishedBranch[] {
		if (frame.depth <= deepest) return from(frame, 0, state);
		const rule = { table, chain: frame.chain, rule: `chain ${frame.chain}` };
		return unknownEnd(state, rule, "its chains call each other in a circle, which the kernel doesn't accept");
	}

	function from(frame: Frame, index: number, state: PacketState): FinishedBranch[] {
		return walker.remembered(`${frame.place} ${index}`, state, () => {
			const rules = chains.rulesOf(frame.chain) ?? [];
			for (let at = index; at < rules.length; at++) {
				const next: Next = (state, verdict) => follow(frame, at, state, verdict);
				const ends = chains.apply(rules[at] as Rule, state, frame.chain, walker, next);
				if (ends) return ends;
			}
			return frame.returned(state);
		});
	}

	function follow(frame: Frame, at: number, state: PacketState, verdict: Verdict): FinishedBranch[] {
		if (verdict === "continue") return from(frame, at + 1, state);
		if (verdict === "return") return frame.returned(state);
		if (typeof verdict === "string") return end(state, verdict);
		const resumed: Continuation = (state) => from(frame, at + 1, state);
		const called = {
			chain: verdict.chain,
			place: `${frame.place} ${at} ${verdict.chain}`,
			depth: frame.depth + 1,
			returned: verdict.kind === "jump" ? resumed : frame.returned,
		};
		return enter(called, state);
	}

	return enter({ chain, place: `${table} ${chain}`, depth: 0, returned }, state);
}
