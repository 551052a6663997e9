/** Sends packets through one rule set, and compares the predicted path of each with what the kernel does. */
import type { Path } from "../../netfilter/model.ts";
import { type Passage, packetsOf } from "../../verification/trace/parse.ts";
import { difference, type Measured } from "./compareWithKernel.ts";
import type { Machine } from "./machine/machine.ts";
import type { Probe } from "./machine/packets.ts";
import { type Loaded, load } from "./machine/ruleTools.ts";
import type { RuleSet } from "./ruleBlocks.ts";

export interface Result {
	probe: Probe;
	/** The session affinity of the packet's source when it was sent. */
	affinity: string[];
	paths: Path[];
	measured: Measured;
	/** The index of the kernel's path among the predicted ones; undefined if it is none or more than one. */
	taken: number | undefined;
	/** For each path, why it isn't the kernel's. */
	differences: (string | undefined)[];
}

/** @throws if the kernel refuses the rules, or traces were lost */
export async function runTrial(machine: Machine, rules: RuleSet, probes: readonly Probe[]): Promise<Result[]> {
	return judge(await load(machine, rules), machine, probes);
}

/** The same, but the prediction is from other rules than the kernel's. */
export async function judge(loaded: Loaded, machine: Machine, probes: readonly Probe[]): Promise<Result[]> {
	const { trace, arrivals } = await machine.probe(loaded.monitor, probes);
	const { strangeLines, ...passages } = loaded.parseTrace(trace);
	if (strangeLines.length > 0) throw new Error(`not understood of the trace: ${strangeLines.slice(0, 3).join("\n")}`);
	const traced = new Map(
		packetsOf({ strangeLines, ...passages }).map((packet) => [packet[0]?.packet.identification, packet]),
	);
	const affinities = new Map<string, Set<string>>();
	return probes.map((probe): Result => {
		const { source } = probe.packet;
		const affinity = affinities.get(source) ?? new Set();
		affinities.set(source, affinity);
		const measured: Measured = {
			passages: traced.get(probe.tag) ?? [],
			arrivals: arrivals.filter(({ tag }) => tag === probe.tag),
			ruleText: loaded.ruleText,
			isTraced: loaded.isTraced,
		};
		const paths = loaded.walk(probe.packet, affinity);
		const differences = paths.map((path) => difference(path, probe, measured));
		const result = { probe, affinity: [...affinity], paths, measured, differences, taken: only(differences) };
		for (const list of remembering(measured)) affinity.add(list);
		return result;
	});
}

/** The index of the only path that doesn't differ. */
function only(differences: readonly (string | undefined)[]): number | undefined {
	const agreeing = differences.flatMap((difference, index) => (difference === undefined ? [index] : []));
	return agreeing.length === 1 ? agreeing[0] : undefined;
}

/** The lists (xt_recent) and sets (nftables) that the traced rules have added the packet's source to. */
function remembering({ passages, ruleText }: Measured): string[] {
	const rules = passages.flatMap(({ steps, family }: Passage) => steps.map((step) => ruleText(step, family) ?? ""));
	return rules.flatMap((rule) => rule.match(/--set --name (\S+)/)?.[1] ?? rule.match(/update @(\S+) /)?.[1] ?? []);
}
