/** A rule set as text for the tool that loads it, in pieces that can be taken out one by one. */
import type { Family } from "../../verification/model.ts";

export type Tool = "iptables" | "nftables";

export interface RuleSet {
	tool: Tool;
	family: Family;
	blocks: Block[];
}

/** A table. */
export interface Block {
	opening: string[];
	/** Chains and sets, then rules and elements. Which of them can be missing, the tool decides. */
	lines: string[];
	closing: string[];
}

export const textOf = ({ blocks }: RuleSet): string =>
	blocks
		.flatMap(({ opening, lines, closing }) => [...opening, ...lines, ...closing].map((line) => `${line}\n`))
		.join("");
