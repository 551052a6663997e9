/** Many random rule sets and packets, one seed; the first mismatch is made small. */
import type { Family } from "../../netfilter/model.ts";
import { drawFrom } from "./generate/draw.ts";
import { randomIptables } from "./generate/iptables.ts";
import { randomNftables } from "./generate/nftables.ts";
import { randomNeighbours } from "./generate/others/neighbours.ts";
import { randomProbes } from "./generate/probes.ts";
import { randomServices } from "./generate/services.ts";
import type { Machine } from "./machine/machine.ts";
import type { Probe } from "./machine/packets.ts";
import { describeMismatch } from "./mismatchText.ts";
import type { RuleSet, Tool } from "./ruleBlocks.ts";
import { lotsOf, wrongShares } from "./shares.ts";
import { shrink } from "./shrink.ts";
import { type Result, runTrial } from "./trial.ts";

const packetsPerTrial = 50;

/** How often a packet is sent again, to see whether rules that draw lots still differ once they are fewer. */
const repeats = 8;

export interface Campaign {
	tool: Tool;
	family: Family;
	/** Whether other programs' rules are next to kube-proxy's, and some facts are hidden from the walk. */
	others: boolean;
	seed: number;
	packets: number;
}

export interface Findings {
	packets: number;
	udp: number;
	/** Packets for which the walk found several paths. */
	drawn: number;
	/** Packets of which the walk said that it does not know, such as which address masquerading chose. */
	unknown: number;
	/** Those of rule sets that hide nothing from the walk. */
	needless: number;
	/** Why, most frequent first. */
	reasons: string[];
	/** The first packet whose way was none of the walk's, and shares that no chance explains. */
	problems: string[];
}

/** @throws where a rule set cannot be loaded or traces were lost: then the test is at fault */
export async function runCampaign(
	machine: Machine,
	{ tool, family, others, seed, packets }: Campaign,
): Promise<Findings> {
	const lots: ReturnType<typeof lotsOf> = [];
	const counts = { packets: 0, udp: 0, drawn: 0, unknown: 0, needless: 0 };
	const reasons = new Map<string, number>();
	for (let trial = 0; counts.packets < packets; trial++) {
		const size = Math.min(packetsPerTrial, packets - counts.packets);
		const { rules, probes } = randomTrial(tool, family, seed + trial, size, others);
		const results = await runTrial(machine, rules, probes);
		counts.packets += results.length;
		counts.udp += results.filter(({ probe }) => probe.packet.protocol === "udp").length;
		counts.drawn += results.filter(({ paths }) => paths.length > 1).length;
		const unknown = results.filter(isUnknown);
		counts.unknown += unknown.length;
		if (!rules.hidden) counts.needless += unknown.length;
		for (const reason of rules.hidden ? [] : unknown.map(reasonOf)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
		const failed = results.find(differs);
		if (failed) {
			const title = `${tool} ${family}, rule set of seed ${seed + trial}`;
			return { ...counts, reasons: [], problems: [`${title}\n${await smallest(machine, rules, results, failed)}`] };
		}
		lots.push(...lotsOf(results, `seed ${seed + trial}`));
	}
	const frequent = [...reasons]
		.sort(([, one], [, other]) => other - one)
		.map(([reason, count]) => `${count} × ${reason}`);
	return { ...counts, reasons: frequent, problems: wrongShares(lots) };
}

const reasonOf = ({ paths }: Result): string =>
	paths
		.find(({ outcome }) => outcome === "unknown")
		?.hops.at(-1)
		?.text.replace(/^.*: /, "") ?? "";

const isUnknown = ({ paths, differences }: Result): boolean =>
	!differences.includes(undefined) && paths.some(({ outcome }) => outcome === "unknown");

/** Whether the kernel's way is none of the walk's, nor one that the walk does not claim to know. */
export const differs = (result: Result): boolean => !result.differences.includes(undefined) && !isUnknown(result);

export function randomTrial(tool: Tool, family: Family, seed: number, packets: number, others = false) {
	const draw = drawFrom(seed);
	const services = randomServices(draw, family);
	const rules = others
		? randomNeighbours(draw, family, tool, services)
		: (tool === "iptables" ? randomIptables : randomNftables)(draw, family, services);
	return { rules, probes: randomProbes(draw, family, services, packets) };
}

async function smallest(machine: Machine, rules: RuleSet, results: readonly Result[], failed: Result): Promise<string> {
	const alone = Array.from({ length: repeats }, () => failed.probe);
	const history = results.slice(0, results.indexOf(failed) + 1).map(({ probe }) => probe);
	const sameSource = history.filter(({ packet }) => packet.source === failed.probe.packet.source);
	for (const probes of [alone, sameSource]) {
		const found = await shrinkTogether(machine, rules, numbered(probes));
		if (found) return found;
	}
	return `Seen once, not again with the same rules.\n${describeMismatch(rules, failed)}`;
}

/** undefined: with these packets, the kernel and the walk do not differ. */
async function shrinkTogether(machine: Machine, rules: RuleSet, probes: readonly Probe[]): Promise<string | undefined> {
	let last: { rules: RuleSet; result: Result } | undefined;
	await shrink(rules, async (smaller) => {
		const results = await runTrial(machine, smaller, probes).catch(() => []);
		const result = results.find(differs);
		if (result) last = { rules: smaller, result };
		return result !== undefined;
	});
	return last && describeMismatch(last.rules, last.result);
}

/** Each a connection of its own. */
const numbered = (probes: readonly Probe[]): Probe[] =>
	probes.map(({ side, packet }, index) => ({
		side,
		packet: { ...packet, sourcePort: 20_001 + index },
		tag: index + 1,
	}));
