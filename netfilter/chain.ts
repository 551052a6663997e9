/** How a packet goes through chains: one after the other its rules, jumps and returns, gotos, and several ways at once. */
import { type PacketState, recorded } from "./state.ts";

/** What becomes of a packet after a rule, or at the end of a chain. */
export type Verdict = "continue" | "return" | Ending | Call;

/** The packet's way through this base chain is over. */
export type Ending = "accept" | "drop" | "reject" | "unknown";

/** A jump comes back to the next rule, a goto to where the last jump came from. */
export interface Call {
	kind: "jump" | "goto";
	chain: string;
}

/** One of the ways that a packet may go; the probabilities of all of them add up to that of the packet before. */
export interface Branch<V = Verdict> {
	probability: number;
	state: PacketState;
	verdict: V;
}

/** A table's chains, of whatever tool. */
export interface Chains<Rule> {
	table: string;
	/** undefined: there is no such chain. */
	rulesOf(chain: string): readonly Rule[] | undefined;
	/** What the rule does, for a packet of probability 1; undefined: it lets the packet pass unchanged. */
	apply(rule: Rule, state: PacketState, chain: string): Branch[] | undefined;
}

/** The kernel takes no more than 16 jumps in each other (NFT_JUMP_STACK_SIZE); legacy iptables as many as chains. */
const deepest = 500;

/** What a base chain does with packets that no rule ended. */
export interface Policy {
	verdict: "accept" | "drop";
	/** The policy as a rule of a path. */
	rule: string;
}

/** The branches of a packet that enters a chain which the kernel itself calls. */
export function walkBaseChain<Rule>(
	chains: Chains<Rule>,
	chain: string,
	policy: Policy,
	entering: Branch,
): Branch<Ending>[] {
	return walkChain(chains, chain, entering).map(({ verdict, ...rest }): Branch<Ending> => {
		if (verdict !== "return") return { ...rest, verdict };
		if (policy.verdict === "accept") return { ...rest, verdict: "accept" };
		const { table } = chains;
		const state = recorded(rest.state, { table, chain, rule: policy.rule }, { effect: "drop" });
		return { ...rest, state, verdict: "drop" };
	});
}

/** The branches of a packet that enters a chain: its endings, and "return" where no rule ended its way. */
function walkChain<Rule>(
	chains: Chains<Rule>,
	chain: string,
	entering: Branch,
	depth = 0,
): Branch<Ending | "return">[] {
	if (depth > deepest) {
		const hop = { table: chains.table, chain, rule: `chain ${chain}` };
		const reason = "chains call each other in a circle, which no kernel accepts";
		return [{ ...entering, state: recorded(entering.state, hop, { effect: "unknown", reason }), verdict: "unknown" }];
	}
	const ended: Branch<Ending | "return">[] = [];
	let passing: Branch[] = [entering];
	for (const rule of chains.rulesOf(chain) ?? []) {
		const next: Branch[] = [];
		for (const branch of passing) {
			const branches = chains.apply(rule, branch.state, chain);
			if (!branches) {
				next.push(branch);
				continue;
			}
			for (const { probability, state, verdict } of branches) {
				const after = { probability: branch.probability * probability, state, verdict };
				follow(chains, after, next, ended, depth);
			}
		}
		passing = next;
		if (passing.length === 0) break;
	}
	return [...ended, ...passing.map((branch) => ({ ...branch, verdict: "return" as const }))];
}

function follow<Rule>(
	chains: Chains<Rule>,
	branch: Branch,
	passing: Branch[],
	ended: Branch<Ending | "return">[],
	depth: number,
): void {
	const { verdict } = branch;
	if (verdict === "continue") {
		passing.push(branch);
	} else if (typeof verdict === "string") {
		ended.push({ ...branch, verdict });
	} else {
		for (const inner of walkChain(chains, verdict.chain, branch, depth + 1)) {
			const comesBack = inner.verdict === "return" && verdict.kind === "jump";
			(comesBack ? passing : ended).push(inner);
		}
	}
}
