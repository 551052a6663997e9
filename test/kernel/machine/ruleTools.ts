/** Loads rule sets by the tools that kube-proxy loads its rules by, and reads them back for the walk. */

import { parseIptablesSave, ruleOfIptables } from "../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../netfilter/iptables/walk.ts";
import type { Family, Packet, Path, RuleText } from "../../../netfilter/model.ts";
import { parseNftables } from "../../../netfilter/nftables/parse.ts";
import { ruleOfNftables } from "../../../netfilter/nftables/render.ts";
import { walkNftables } from "../../../netfilter/nftables/walk.ts";
import { parseNftTrace, parseXtablesTrace, type Trace } from "../../../verification/trace/parse.ts";
import { type RuleSet, textsOf } from "../ruleBlocks.ts";
import type { Machine } from "./machine.ts";
import { families, nodeNetwork } from "./network.ts";

/** A rule set in the kernel, and all that is needed to compare both. */
export interface Loaded {
	/** @param affinity the lists and sets of session affinity that hold the packet's source */
	walk(packet: Packet, affinity: Iterable<string>): Path[];
	ruleText: RuleText;
	/** The command that prints traces, and the reader of what it prints. */
	monitor: readonly string[];
	parseTrace(text: string): Trace;
}

/** @throws where the kernel refuses the rules */
export async function load(machine: Machine, rules: RuleSet): Promise<Loaded> {
	const { family, tool } = rules;
	const { iptables } = families[family];
	const loaders = { iptables: `${iptables}-restore`, nftables: "nft -f -" };
	const separator = "# as nft lists them:";
	let printed = "";
	for (const [index, { tool, text }] of textsOf(rules).entries()) {
		const script = `${loaders[tool]} >&2; ${iptables}-save; echo "${separator}"; nft -j list ruleset`;
		printed = index === 0 ? await machine.load(script, text) : await machine.run(script, text);
	}
	const [saved = "", listed = ""] = printed.split(separator);
	return tool === "nftables" ? loadedNftables(family, saved, listed) : loadedIptables(family, saved, listed);
}

function loadedIptables(family: Family, saved: string, listed: string): Loaded {
	const tables = parseIptablesSave(saved);
	const walk = (packet: Packet, affinity: Iterable<string>) =>
		walkIptables(tables, packet, nodeNetwork(family), { affinity });
	if (family === "ipv4") {
		const monitor = ["xtables-monitor", "--trace"];
		return { walk, ruleText: ruleOfIptables, monitor, parseTrace: parseXtablesTrace };
	}
	// xtables-monitor 1.8.9 ends with "unsupported layer 4 protocol value" at the first rule of IPv6 with a port.
	return { walk, ruleText: ruleOfNftables(parseNftables(listed), tables), ...nftMonitor };
}

function loadedNftables(family: Family, saved: string, listed: string): Loaded {
	const iptables = parseIptablesSave(saved);
	const ruleset = parseNftables(listed);
	const walk = (packet: Packet, affinity: Iterable<string>) =>
		walkNftables(ruleset, packet, nodeNetwork(family), { affinity, iptables });
	return { walk, ruleText: ruleOfNftables(ruleset, iptables), ...nftMonitor };
}

const nftMonitor = { monitor: ["nft", "--handle", "monitor", "trace"], parseTrace: parseNftTrace };
