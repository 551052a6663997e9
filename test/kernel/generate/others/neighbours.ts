/** kube-proxy's rules next to those of other programs, on one node: both back ends of iptables, and tables of nft's own. */

import type { Family } from "../../../../netfilter/model.ts";
import type { Block, Hidden, RuleSet, Tool } from "../../ruleBlocks.ts";
import type { Draw } from "../draw.ts";
import { kubeProxyChains, tracedRaw } from "../iptables.ts";
import { answersPass } from "../iptablesRules.ts";
import { blocksOf, type Chains } from "../iptablesTable.ts";
import { kubeProxyTable, traceTable } from "../nftables.ts";
import { blockOf } from "../nftTable.ts";
import type { RandomService } from "../services.ts";
import { addChoices, addOthers, emptyTables, type Tables } from "./othersIptables.ts";
import { otherTables } from "./othersNft.ts";

export function randomNeighbours(draw: Draw, family: Family, tool: Tool, services: readonly RandomService[]): RuleSet {
	const hidden = draw.chance(0.5) ? draw.some<Hidden>(["interfaces", "routes", "sourcePort", "counts"], 1, 2) : [];
	const legacy = draw.chance(0.3) ? legacyBlocks(draw, family) : [];
	// Nothing shows whether legacy tables are older than the others.
	if (legacy.length > 0) hidden.push("age");
	const tables = emptyTables();
	if (draw.chance(0.8)) addOthers(draw, family, tables);
	if (draw.chance(0.25)) hidden.push("choice");
	if (hidden.includes("choice")) addChoices(draw, family, tables);
	if (tool === "iptables") addKubeProxy(draw, family, services, tables);
	const iptables = [
		...(tool === "iptables" ? [tracedRaw(draw, tables.raw)] : blocksOf({ raw: tables.raw })),
		...restOf(draw, tables),
	];
	const proxy = tool === "nftables" ? [traceBlock(), blockOf(kubeProxyTable(family, services, draw.chance(0.5)))] : [];
	const native = [...proxy, ...(draw.chance(0.5) ? otherTables(draw, family, hidden).map(blockOf) : [])];
	const groups = draw.shuffled([iptables, native, legacy]);
	return { tool, family, blocks: groups.flat(), ...(hidden.length > 0 && { hidden }) };
}

function traceBlock(): Block {
	const { opening, lines, closing } = blockOf(traceTable());
	return { tool: "nftables", opening: [...opening, ...lines, ...closing], lines: [], closing: [] };
}

/** Before or after the others' rules, as the programs' start decides. */
function addKubeProxy(draw: Draw, family: Family, services: readonly RandomService[], tables: Tables): void {
	const own: Record<"nat" | "filter", Chains> = kubeProxyChains(family, services);
	for (const table of ["nat", "filter"] as const) {
		for (const [chain, rules] of Object.entries(own[table])) {
			const others = tables[table][chain] ?? [];
			tables[table][chain] = draw.chance(0.5) ? [...rules, ...others] : [...others, ...rules];
		}
	}
}

function restOf(draw: Draw, { mangle, nat, filter }: Tables): Block[] {
	filter.OUTPUT?.unshift(answersPass);
	const policies = draw.chance(0.3) ? { "filter FORWARD": "DROP" } : {};
	return blocksOf({ mangle, nat, filter }, { policies });
}

/** What an upgrade, or a program with its own iptables, has left in the legacy tables. */
function legacyBlocks(draw: Draw, family: Family): Block[] {
	const tables = emptyTables();
	addOthers(draw, family, tables);
	tables.filter.OUTPUT?.unshift(answersPass);
	const { raw, nat, filter } = tables;
	return blocksOf(draw.pick<Record<string, Chains>>([{ filter }, { nat }, { raw, filter }, { nat, filter }]), {
		tool: "legacy",
	});
}
