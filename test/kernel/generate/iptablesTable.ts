/** A table of iptables as its chains, and as the lines that iptables-restore takes. */
import type { Block, Loader } from "../ruleBlocks.ts";

/** The rules of a table's chains, without "-A <chain>". */
export type Chains = Record<string, string[]>;

export const blocksOf = (
	tables: Record<string, Chains>,
	{ tool = "iptables" as Loader, policies = {} as Record<string, string> } = {},
): Block[] =>
	Object.entries(tables).map(([table, chains]) => ({
		tool,
		opening: [`*${table}`],
		lines: [
			...Object.keys(chains).map(
				(chain) => `:${chain} ${builtIn.has(chain) ? (policies[`${table} ${chain}`] ?? "ACCEPT") : "-"} [0:0]`,
			),
			...Object.entries(chains).flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
		],
		closing: ["COMMIT"],
	}));

const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

export const comment = (text: string): string => `-m comment --comment "${text}"`;
