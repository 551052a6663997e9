/** The branches of one packet: random choices, and open questions whose answers lead to the same result or not. */
import { type PacketState, type RuleReference, recorded, stateKey } from "../packet/state.ts";

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

/** A condition that can't be evaluated. */
export interface OpenQuestion {
	state: PacketState;
	rule: RuleReference;
	reason: string;
}

/** Limits the work on rules with many conditions that can't be evaluated. */
const mostForks = 600;

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

	/** Whether a condition was open so far. */
	get isForked(): boolean {
		return this.forks > 0;
	}

	/** Follows each of several branches, one of which the packet takes. */
	oneOf(question: OpenQuestion, branches: readonly (() => FinishedBranch[])[]): FinishedBranch[] {
		const [first = () => unknownEnd(question.state, question.rule, question.reason), ...others] = branches;
		return others.reduce((shown, other) => () => this.fork(question, shown, other), first)();
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

export const unknownEnd = (state: PacketState, rule: RuleReference, reason: string): FinishedBranch[] => [
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
