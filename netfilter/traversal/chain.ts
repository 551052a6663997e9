/** How a packet passes through chains: rule by rule, with jumps, gotos and returns. */
import { type PacketState, recorded } from "../packet/state.ts";
import {
	type Continuation,
	type Ending,
	type FinishedBranch,
	unknownEnd,
	type Verdict,
	type Walker,
} from "./walker.ts";

export type Next = (state: PacketState, verdict: Verdict) => FinishedBranch[];

/** A table's chains, whichever tool wrote them. */
export interface Chains<Rule> {
	table: string;
	/** undefined: the chain doesn't exist. */
	rulesOf(chain: string): readonly Rule[] | undefined;
	/** undefined: the rule doesn't affect the packet. Where there are several branches, it follows them by `next`. */
	apply(rule: Rule, state: PacketState, chain: string, walker: Walker, next: Next): FinishedBranch[] | Step | undefined;
}

/** What a rule certainly does. */
export interface Step {
	state: PacketState;
	verdict: Verdict;
}

/** iptables-legacy allows as many nested jumps as there are chains, nftables 16 (NFT_JUMP_STACK_SIZE). */
const deepest = 500;

/** What a base chain does with packets that reach its end. */
export interface Policy {
	verdict: "accept" | "drop";
	/** How a hop shows it. */
	rule: string;
}

/** A chain that a packet is in. */
interface Frame {
	chain: string;
	/** Names the frame and its callers. */
	place: string;
	depth: number;
	/** Where the packet goes when the chain returns; undefined: the base chain ends. */
	caller: Position | undefined;
}

interface Position {
	frame: Frame;
	/** Of the next rule. */
	index: number;
}

/** Follows a packet that enters a base chain. */
export function walkBaseChain<Rule>(
	chains: Chains<Rule>,
	chain: string,
	policy: Policy,
	walker: Walker,
	entering: PacketState,
	accepted: Continuation,
): FinishedBranch[] {
	const { table } = chains;
	const end = (state: PacketState, verdict: Ending): FinishedBranch[] =>
		verdict === "accept" ? accepted(state) : [{ probability: 1, state, verdict }];
	const atEnd = (state: PacketState) =>
		policy.verdict === "accept"
			? accepted(state)
			: end(recorded(state, { table, chain, rule: policy.rule }, { effect: "drop" }), "drop");

	const from = (position: Position | undefined, state: PacketState): FinishedBranch[] =>
		position
			? walker.remembered(`${position.frame.place} ${position.index}`, state, () => run(position, state))
			: atEnd(state);

	/** Only branches are followed by recursion: packets that meet thousands of rules would overflow the stack. */
	function run({ frame, index }: Position, entered: PacketState): FinishedBranch[] {
		let state = entered;
		for (let at: Position | undefined = { frame, index }; at; ) {
			const here: Position = at;
			const rule: Rule | undefined = chains.rulesOf(here.frame.chain)?.[here.index];
			const next: Next = (state, verdict) => follow(here, state, verdict);
			const result =
				rule === undefined
					? ({ state, verdict: "return" } satisfies Step)
					: chains.apply(rule, state, here.frame.chain, walker, next);
			if (Array.isArray(result)) return result;
			const { verdict, state: after }: Step = result ?? { state, verdict: "continue" };
			if (isEnding(verdict) || isTooDeep(here, verdict)) return follow(here, after, verdict);
			at = positionAfter(here, verdict);
			state = after;
			// Forks meet where chains return.
			if (verdict === "return" && walker.isForked) return from(at, state);
		}
		return atEnd(state);
	}

	function follow(at: Position, state: PacketState, verdict: Verdict): FinishedBranch[] {
		if (isEnding(verdict)) return end(state, verdict);
		if (!isTooDeep(at, verdict)) return from(positionAfter(at, verdict), state);
		const rule = { table, chain: at.frame.chain, rule: `chain ${at.frame.chain}` };
		return unknownEnd(state, rule, "its chains call each other in a circle, which the kernel doesn't accept");
	}

	return from({ frame: { chain, place: `${table} ${chain}`, depth: 0, caller: undefined }, index: 0 }, entering);
}

type Moving = Exclude<Verdict, Ending>;

const isEnding = (verdict: Verdict): verdict is Ending =>
	verdict === "accept" || verdict === "drop" || verdict === "reject" || verdict === "unknown";

const isTooDeep = ({ frame }: Position, verdict: Verdict): boolean =>
	typeof verdict === "object" && frame.depth >= deepest;

/** undefined: the base chain ends. */
function positionAfter({ frame, index }: Position, verdict: Moving): Position | undefined {
	if (verdict === "continue") return { frame, index: index + 1 };
	if (verdict === "return") return frame.caller;
	const called = {
		chain: verdict.chain,
		place: `${frame.place} ${index} ${verdict.chain}`,
		depth: frame.depth + 1,
		caller: verdict.kind === "jump" ? { frame, index: index + 1 } : frame.caller,
	};
	return { frame: called, index: 0 };
}
