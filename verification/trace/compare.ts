/** Holds what the kernel did with a packet against the walk of the same packet, rule by rule. */

import { withPort } from "../../netfilter/address.ts";
import { Rule } from "../../netfilter/iptables/parse.ts";
import type { Hop, HopEffect, Packet, Path, RuleText } from "../../netfilter/model.ts";
import { formatMark } from "../../netfilter/words.ts";
import type { TraceDifference, TraceStep, TraceVerdict } from "./model.ts";
import type { Passage } from "./parse.ts";

/** What the walk says that the kernel must do next, and how the packet is then. */
interface Expected {
	table: string;
	chain: string;
	rule: string;
	verdict: TraceVerdict;
	to?: string;
	after: PacketState;
}

interface PacketState {
	destination: string;
	mark: number;
}

/**
 * undefined where the kernel took one of the walk's paths; else where the nearest of them left it.
 * @param passages of one packet; those of the lab's own table already left out
 */
export function compare(
	paths: readonly Path[],
	packet: Packet,
	passages: readonly Passage[],
	ruleText: RuleText,
): TraceDifference | undefined {
	const differences = paths.map((path) => new Comparison(path, packet, ruleText).run(passages));
	if (differences.includes(undefined)) return undefined;
	return differences
		.filter((difference) => difference !== undefined)
		.reduce((nearest, other) => (other.agreed > nearest.agreed ? other : nearest));
}

/** The steps that a walk has hops for: rules that act, and policies that drop. */
export function actingSteps(passages: readonly Passage[], ruleText: RuleText): TraceStep[] {
	return passages.flatMap(({ steps, family }) => steps.filter((step) => acts(step, ruleText(step, family))));
}

/** A packet's way along one path, checked as far as both go together. */
class Comparison {
	private readonly expected: Expected[];
	private readonly packet: Packet;
	private readonly ruleText: RuleText;
	private agreed = 0;
	private now: PacketState;

	constructor(path: Path, packet: Packet, ruleText: RuleText) {
		this.expected = expectedSteps(path.hops, packet);
		this.packet = packet;
		this.ruleText = ruleText;
		this.now = stateOf(packet);
	}

	run(passages: readonly Passage[]): TraceDifference | undefined {
		const [first] = passages;
		if (first && first.packet.source !== this.packet.source) {
			return this.difference(`the packet comes from ${first.packet.source}`, `it comes from ${this.packet.source}`);
		}
		for (const passage of passages) {
			const difference = this.pass(passage);
			if (difference) return difference;
		}
		const next = this.expected[this.agreed];
		return next && this.difference("the packet meets no further rule", sayExpected(next));
	}

	private pass({ packet, steps }: Passage): TraceDifference | undefined {
		const destination = withPort(packet.destination, packet.destinationPort ?? 0);
		if (destination !== this.now.destination) {
			return this.difference(`the packet is for ${destination}`, `it is for ${this.now.destination}`);
		}
		for (const [i, step] of steps.entries()) {
			const difference = acts(step, this.textOf(step)) ? this.step(step) : undefined;
			// xtables-monitor shows the packet as it is after the base chain's first rule, nft its mark at the chain's end.
			const mark = i === 0 && packet.mark !== undefined ? packet.mark : step.mark;
			if (difference) return difference;
			if (mark !== undefined && mark !== this.now.mark) {
				return this.difference(`the packet's mark is ${formatMark(mark)}`, `it is ${formatMark(this.now.mark)}`);
			}
		}
		return undefined;
	}

	private step(step: TraceStep): TraceDifference | undefined {
		const next = this.expected[this.agreed];
		if (!next || !this.isSame(step, next)) {
			return this.difference(this.sayStep(step), next ? sayExpected(next) : "the packet meets no further rule");
		}
		this.agreed++;
		this.now = next.after;
		return undefined;
	}

	private isSame(step: TraceStep, next: Expected): boolean {
		if (step.table !== next.table || step.chain !== next.chain) return false;
		if (step.verdict !== next.verdict || step.to !== next.to) return false;
		if (step.kind === "policy") return next.rule.startsWith("policy ");
		// Older kernels tell of a return only that it happened, not by which rule.
		return step.kind === "return" || plain(this.textOf(step) ?? "") === plain(next.rule);
	}

	private textOf(step: TraceStep): string | undefined {
		return this.ruleText(step, this.packet.family);
	}

	private sayStep(step: TraceStep): string {
		const { table, chain, kind, verdict, to } = step;
		const rule = kind === "rule" ? (this.textOf(step) ?? `rule ${step.handle}, which was not there before`) : kind;
		return sayExpected({ table, chain, rule, verdict, ...(to !== undefined && { to }) });
	}

	private difference(kernel: string, walk: string): TraceDifference {
		return { agreed: this.agreed, kernel, walk };
	}
}

const sayExpected = ({ table, chain, rule, verdict, to }: Omit<Expected, "after">): string =>
	`${table} ${chain}: ${rule} (${to === undefined ? verdict : `${verdict} ${to}`})`;

const plain = (rule: string): string => rule.replaceAll(/\s+/g, " ").trim();

const stateOf = ({ destination, destinationPort, mark }: Packet): PacketState => ({
	destination: withPort(destination, destinationPort),
	mark,
});

/** The walk's hops as the kernel traces them: one step for each rule, though the rule may do several things. */
function expectedSteps(hops: readonly Hop[], packet: Packet): Expected[] {
	const steps: (Omit<Expected, "verdict"> & { verdict: TraceVerdict | undefined; changes: number })[] = [];
	let after = stateOf(packet);
	for (const { table, chain, rule, effect, to = "" } of hops) {
		const verdict = verdicts[effect];
		if (effect === "mark") after = { ...after, mark: Number(to) };
		if (effect === "dnat") after = { ...after, destination: to };
		const last = steps.at(-1);
		const goes = verdict === "jump" || verdict === "goto" ? { to } : {};
		const changes = verdict === "continue" ? 1 : 0;
		const goesOn = last?.verdict === undefined || last.verdict === "continue";
		// A rule that reads the same may follow; each changes the packet as often as it says.
		const sameRule =
			goesOn &&
			last?.table === table &&
			last.chain === chain &&
			last.rule === rule &&
			last.changes + changes <= changesIn(rule);
		if (sameRule)
			Object.assign(last, { verdict: verdict ?? last.verdict, after, changes: last.changes + changes, ...goes });
		else steps.push({ table, chain, rule, verdict, after, changes, ...goes });
	}
	return steps.flatMap(({ verdict, changes: _, ...step }) => (verdict === undefined ? [] : [{ ...step, verdict }]));
}

/** How each effect ends its rule in the kernel; undefined: as whatever else the rule does. */
const verdicts: Record<HopEffect, TraceVerdict | undefined> = {
	jump: "jump",
	goto: "goto",
	return: "return",
	mark: "continue",
	notrack: "continue",
	dnat: "accept",
	snat: "accept",
	masquerade: "accept",
	accept: "accept",
	drop: "drop",
	reject: "drop",
	// Remembering a client changes nothing of the packet.
	update: undefined,
	unknown: undefined,
};

/** Whether a step is one that a walk has a hop for. */
function acts({ kind, verdict }: TraceStep, rule = ""): boolean {
	if (kind === "policy") return verdict !== "accept";
	if (kind === "return") return verdict === "return";
	if (verdict !== "continue") return true;
	// What goes on unchanged has only been looked at or counted.
	return changesIn(rule) > 0;
}

/** How often a rule changes the packet or its connection before it ends: of iptables once at most. */
function changesIn(rule: string): number {
	if (!rule.startsWith("-A ")) return rule.replace(/ comment ".*"$/, "").match(/ set |^notrack| notrack/g)?.length ?? 0;
	const { kind: target } = new Rule(0, rule, undefined).body.target;
	return target === "none" || target === "observe" ? 0 : 1;
}
