/** An nftables table as declarations, rules and elements, and as the commands that create it. */
import type { Block } from "../ruleBlocks.ts";

/** The content of one table. Its rules and the elements of its sets can be removed one by one. */
export interface NftTable {
	family: "ip" | "ip6" | "inet";
	name: string;
	declarations: Declaration[];
	rules: { chain: string; rule: string }[];
	elements: { set: string; element: string }[];
}

/** A set, or a chain without its rules. */
export interface Declaration {
	kind: "chain" | "set" | "map";
	name: string;
	body: string;
}

export function blockOf({ family, name, declarations, rules, elements }: NftTable): Block {
	const within = `${family} ${name}`;
	return {
		tool: "nftables",
		opening: [`add table ${within}`],
		lines: [
			...declarations.map(({ kind, name, body }) => `add ${kind} ${within} ${name} { ${body} }`),
			...elements.map(({ set, element }) => `add element ${within} ${set} { ${element} }`),
			...rules.map(({ chain, rule }) => `add rule ${within} ${chain} ${rule}`),
		],
		closing: [],
	};
}

export const declare = (kind: Declaration["kind"], name: string, body = ""): Declaration => ({ kind, name, body });

export const baseChain = (name: string, type: string, hook: string, priority: number, policy = "accept") =>
	declare("chain", name, `type ${type} hook ${hook} priority ${priority}; policy ${policy};`);
