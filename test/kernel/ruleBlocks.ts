/** A rule set as text for the tools that load it, in pieces that can be taken out one by one. */
import type { Family } from "../../netfilter/model.ts";

export type Tool = "iptables" | "nftables";

/** What loads a table. */
export type Loader = Tool | "legacy";

/** Facts that the walk doesn't get; "choice": what the kernel chooses by hashes and counters. */
export type Hidden = "interfaces" | "routes" | "sourcePort" | "counts" | "age" | "choice";

export interface RuleSet {
	/** The tool of kube-proxy's rules. Next to them, others may be of any tool. */
	tool: Tool;
	family: Family;
	blocks: Block[];
	hidden?: Hidden[];
}

/** A table. */
export interface Block {
	tool: Loader;
	opening: string[];
	/** Chains and sets, then rules and elements. Which of them can be missing, the tool decides. */
	lines: string[];
	closing: string[];
}

/** What each tool loads, in the order in which they do: which tables are older decides which are asked first. */
export function textsOf({ blocks }: RuleSet): { tool: Loader; text: string }[] {
	const tools = [...new Set(blocks.map(({ tool }) => tool))];
	return tools.map((tool) => {
		const own = blocks.filter((block) => block.tool === tool);
		const lines = own.flatMap(({ opening, lines, closing }) => [...opening, ...lines, ...closing]);
		return { tool, text: lines.map((line) => `${line}\n`).join("") };
	});
}
