/** Loads rule sets by the tools that kube-proxy loads its rules by, and reads them back for the walk. */

import { parseIptablesSave, ruleOfIptables } from "../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../netfilter/iptables/walk.ts";
import type { Packet, Path, RuleText } from "../../../netfilter/model.ts";
import { parseNftables } from "../../../netfilter/nftables/parse.ts";
import { ruleOfNftables } from "../../../netfilter/nftables/render.ts";
import { walkNftables } from "../../../netfilter/nftables/walk.ts";
import { parseNftTrace, parseXtablesTrace, type Trace } from "../../../verification/trace/parse.ts";
import { type Hidden, type RuleSet, textsOf } from "../ruleBlocks.ts";
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
	/** Legacy iptables writes traces only to the kernel's log. */
	isTraced: boolean;
}

/** @throws where the kernel refuses the rules */
export async function load(machine: Machine, rules: RuleSet): Promise<Loaded> {
	const { family } = rules;
	const { iptables } = families[family];
	const loaders = { iptables: `${iptables}-restore`, legacy: `${iptables}-legacy-restore`, nftables: "nft -f -" };
	const separator = "# as nft lists them:";
	const print = [`${iptables}-save`, `${iptables}-legacy-save`, "nft -j list ruleset"].join(`; echo "${separator}"; `);
	const texts = textsOf(rules);
	let printed = "";
	for (const [index, { tool, text }] of texts.entries()) {
		const script = `${loaders[tool]} >&2; ${print}`;
		printed = index === 0 ? await machine.load(script, text) : await machine.run(script, text);
	}
	const [saved = "", legacy = "", listed = ""] = printed.split(separator);
	return loadedRules(rules, saved, texts.some(({ tool }) => tool === "legacy") ? legacy : "", listed);
}

function loadedRules(
	{ family, tool, blocks, hidden = [] }: RuleSet,
	saved: string,
	legacySaved: string,
	listed: string,
): Loaded {
	const iptables = parseIptablesSave(saved);
	const ruleset = parseNftables(listed);
	const legacy = legacySaved === "" ? undefined : parseIptablesSave(legacySaved);
	const network = nodeNetwork(family, hidden);
	const onlyIptables = tool === "iptables" && blocks.every((block) => block.tool === "iptables");
	const walk = (packet: Packet, affinity: Iterable<string>) =>
		onlyIptables
			? walkIptables(iptables, hide(packet, hidden), network, { affinity })
			: walkNftables(ruleset, hide(packet, hidden), network, { affinity, iptables, ...(legacy && { legacy }) });
	const isTraced = legacy === undefined;
	// xtables-monitor 1.8.9 ends with "unsupported layer 4 protocol value" at the first rule of IPv6 with a port.
	if (onlyIptables && family === "ipv4") {
		const monitor = ["xtables-monitor", "--trace"];
		return { walk, ruleText: ruleOfIptables, monitor, parseTrace: parseXtablesTrace, isTraced };
	}
	return { walk, ruleText: ruleOfNftables(ruleset, iptables), ...nftMonitor, isTraced };
}

/** The packet without what is hidden from the walk. */
function hide({ inInterface, sourcePort, ...packet }: Packet, hidden: readonly Hidden[]): Packet {
	const isReceived = inInterface !== undefined;
	return {
		...packet,
		...(isReceived && (hidden.includes("interfaces") ? { received: true } : { inInterface })),
		...(sourcePort !== undefined && !hidden.includes("sourcePort") && { sourcePort }),
	};
}

const nftMonitor = { monitor: ["nft", "--handle", "monitor", "trace"], parseTrace: parseNftTrace };
