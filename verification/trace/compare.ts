/** Compares a kernel's trace of a packet with the predicted paths of the same packet, rule by rule. */
import { withPort } from "../../netfilter/address.ts";
import { Rule } from "../../netfilter/iptables/rule.ts";
import type { Hop, HopEffect, Packet, Path, RuleText } from "../../netfilter/model.ts";
import type { TraceDifference, TracePoint, TraceStep, TraceVerdict } from "./model.ts";
import type { Passage } from "./parse.ts";

/** The kernel's next step by the predicted path, and the packet after it. */
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
 * Where the kernel leaves the nearest of the predicted paths; undefined if it took one of them.
 * @param passages of one packet, without those of the trace's own table
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

/** The steps that a predicted path has hops for: rules that act on the packet, and policies that drop it. */
export function actingSteps(passages: readonly Passage[], ruleText: RuleText): TraceStep[] {
	return passages.flatMap(({ steps, family }) => steps.filter((step) => acts(step, ruleText(step, family))));
}

/** Follows the packet along one predicted path as far as the kernel does. */
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
			const kernel = { kind: "source" as const, address: first.packet.source };
			return this.difference(kernel, { kind: "source", address: this.packet.source });
		}
		for (const passage of passages) {
			const difference = this.pass(passage);
			if (difference) return difference;
		}
		const next = this.expected[this.agreed];
		return next && this.difference({ kind: "end" }, pointOf(next));
	}

	private pass({ packet, steps }: Passage): TraceDifference | undefined {
		const destination = withPort(packet.destination, packet.destinationPort ?? 0);
		if (destination !== this.now.destination) {
			const predicted = { kind: "destination" as const, address: this.now.destination };
			return this.difference({ kind: "destination", address: destination }, predicted);
		}
		for (const [i, step] of steps.entries()) {
			const difference = acts(step, this.textOf(step)) ? this.step(step) : undefined;
			// xtables-monitor prints the mark after the base chain's first rule, nft at the chain's end.
			const mark = i === 0 && packet.mark !== undefined ? packet.mark : step.mark;
			if (difference) return difference;
			if (mark !== undefined && mark !== this.now.mark) {
				return this.difference({ kind: "mark", mark }, { kind: "mark", mark: this.now.mark });
			}
		}
		return undefined;
	}

	private step(step: TraceStep): TraceDifference | undefined {
		const next = this.expected[this.agreed];
		if (!next || !this.isSame(step, next)) {
			// Without a connection it changes nothing.
			if (step.verdict === "continue" && restoresMark(this.textOf(step))) return undefined;
			return this.difference(this.pointOfStep(step), next ? pointOf(next) : { kind: "end" });
		}
		this.agreed++;
		this.now = next.after;
		return undefined;
	}

	private isSame(step: TraceStep, next: Expected): boolean {
		if (step.table !== next.table || step.chain !== next.chain) return false;
		if (step.verdict !== next.verdict || step.to !== next.to) return false;
		if (step.kind === "policy") return next.rule.startsWith("policy ");
		// Older kernels don't trace which rule returned.
		return step.kind === "return" || plain(this.textOf(step) ?? "") === plain(next.rule);
	}

	private textOf(step: TraceStep): string | undefined {
		return this.ruleText(step, this.packet.family);
	}

	private pointOfStep(step: TraceStep): TracePoint {
		const { table, chain, kind, verdict, to, handle } = step;
		const rule = kind === "rule" ? this.textOf(step) : kind;
		return {
			kind: "rule",
			table,
			chain,
			...(rule !== undefined && { rule }),
			...(rule === undefined && handle !== undefined && { handle }),
			verdict,
			...(to !== undefined && { to }),
		};
	}

	private difference(kernel: TracePoint, predicted: TracePoint): TraceDifference {
		return { agreed: this.agreed, kernel, predicted };
	}
}

const pointOf = ({ after: _, ...expected }: Expected): TracePoint => ({ kind: "rule", ...expected });

const plain = (rule: string): string => rule.replaceAll(/\s+/g, " ").trim();

const stateOf = ({ destination, destinationPort, mark }: Packet): PacketState => ({
	destination: withPort(destination, destinationPort),
	mark,
});

/** The hops as the kernel traces them: one step for each rule, even if the rule has several effects. */
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
		// The next rule may have the same text; each rule changes the packet as often as its text says.
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

/** How each effect ends its rule in the kernel; undefined: another effect of the rule decides. */
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
	// Remembering a client doesn't change the packet.
	update: undefined,
	unknown: undefined,
};

/** Whether a predicted path has a hop for the step. */
function acts({ kind, verdict }: TraceStep, rule = ""): boolean {
	if (kind === "policy") return verdict !== "accept";
	if (kind === "return") return verdict === "return";
	if (verdict !== "continue") return true;
	// Otherwise the rule has only matched, logged or counted the packet.
	return changesIn(rule) > 0;
}

const restoresMark = (rule = ""): boolean =>
	/ -j CONNMARK --restore-mark/.test(rule) || /meta mark set ct mark/.test(rule);

/** How often a rule changes what a path shows: the mark, or whether conntrack sees it. An iptables rule at most once. */
function changesIn(rule: string): number {
	if (!rule.startsWith("-A "))
		return rule.replace(/ comment ".*"$/, "").match(/meta mark set |^notrack| notrack/g)?.length ?? 0;
	const { target } = new Rule(0, rule, undefined).body;
	if (target.kind === "connection-mark") return target.action === "restore" ? 1 : 0;
	return target.kind === "none" || target.kind === "observe" ? 0 : 1;
}
