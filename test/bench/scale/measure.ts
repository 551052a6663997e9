/**
 * One measurement in its own process, as in the lab, where no code is compiled yet. Reads the rules from stdin and prints
 * a Measurement as JSON. scale.ts starts it with `--expose-gc`.
 *
 *   measure.ts iptables|nftables <packet as JSON>
 */
import { readFileSync } from "node:fs";
import { parseIptablesSave, problemsOf as problemsOfIptables } from "../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../netfilter/iptables/walk.ts";
import type { Packet, Path } from "../../../netfilter/model.ts";
import { parseNftables, problemsOf as problemsOfNftables } from "../../../netfilter/nftables/parse.ts";
import { walkNftables } from "../../../netfilter/nftables/walk.ts";
import { nodeNetwork } from "../../kernel/machine/network.ts";
import type { Tool } from "../../kernel/ruleBlocks.ts";
import { median } from "../median.ts";

export interface Measurement {
	parseSeconds: number;
	/** One packet, after parsing. */
	walkSeconds: number;
	/** Checking all rules, as the lab does to report what it doesn't understand; after the walk. */
	readAllSeconds: number;
	/** Growth of the garbage-collected heap by text and tables: after the walk, and at the end. */
	heapBytes: number;
	heapBytesReadAll: number;
	/** The largest growth of the process's resident memory, including garbage. */
	residentBytes: number;
	/** Parsing and walking again with compiled code: the median of several times. */
	warmSeconds: number;
	problems: number;
	paths: Path[];
}

const warmRounds = 5;

const [tool, json = ""] = process.argv.slice(2) as [Tool, string];
const packet = JSON.parse(json) as Packet;
const network = nodeNetwork(packet.family);

/** Parses the rules of either tool for the walk. */
function parse(text: string): { walk: () => Path[]; problems: () => unknown[] } {
	if (tool === "nftables") {
		const ruleset = parseNftables(text);
		return { walk: () => walkNftables(ruleset, packet, network), problems: () => problemsOfNftables(ruleset) };
	}
	const tables = parseIptablesSave(text);
	return { walk: () => walkIptables(tables, packet, network), problems: () => problemsOfIptables(tables) };
}

function timed<T>(task: () => T): [number, T] {
	const started = performance.now();
	const result = task();
	return [(performance.now() - started) / 1000, result];
}

function memory() {
	if (!globalThis.gc) throw new Error("start this with node --expose-gc");
	globalThis.gc();
	const { heapUsed, external, rss } = process.memoryUsage();
	const kibibyte = 1024;
	return { heap: heapUsed + external, resident: rss, mostResident: process.resourceUsage().maxRSS * kibibyte };
}

const before = memory();
const text = readFileSync(0, "utf8");
const [parseSeconds, rules] = timed(() => parse(text));
const [walkSeconds, paths] = timed(rules.walk);
const walked = memory();
const [readAllSeconds, problems] = timed(rules.problems);
const after = memory();
// Uses the tables once more, so that they aren't garbage while memory is measured.
if (rules.walk().length !== paths.length) throw new Error("a second walk differs");
const again = Array.from({ length: warmRounds }, () => timed(() => parse(text).walk())[0]);
const measurement: Measurement = {
	parseSeconds,
	walkSeconds,
	readAllSeconds,
	heapBytes: walked.heap - before.heap,
	heapBytesReadAll: after.heap - before.heap,
	residentBytes: after.mostResident - before.resident,
	warmSeconds: median(again),
	problems: problems.length,
	paths,
};
console.log(JSON.stringify(measurement));
