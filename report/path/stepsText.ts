/** A journey for a terminal: by default only the steps that decide something, with the addresses before and after. */

import type { Family, Hop } from "../../netfilter/model.ts";
import { familyIn } from "../../verification/journey/destination.ts";
import type { JourneyWithHops, RecordedLeg } from "../../verification/journey/model.ts";
import { endText, omittedText, percent } from "../journeyText.ts";
import { unreadText } from "../noticeText.ts";
import { fill, fillCommand } from "../screen/fill.ts";
import { isDecisive, type Rewrite, type Step, type StepsOnNode, stepsOf } from "./packetSteps.ts";

export interface StepsOptions {
	/** Show all steps. */
	rules: boolean;
	/** Characters per line. */
	width: number;
	/** The command that shows all steps. @default npm run explain for this journey */
	more?: readonly string[];
}

/** All recorded branches, each with its probability if there are several. */
export function stepsText(journey: JourneyWithHops, given: StepsOptions): string {
	const { branches, omittedBranches, hops } = journey;
	const options = { more: [...explainCommand(journey), "--verbose"], ...given };
	const total = branches.length + omittedBranches;
	const blocks = branches.map((branch, i) => {
		const title = `Branch ${i + 1} of ${total}, probability ${percent(branch.probability)}`;
		return [...(total > 1 ? [title] : []), ...stepLines(branch.legs, hops, endText(branch.end), options)].join("\n");
	});
	return [...blocks, ...(omittedBranches > 0 ? [omittedText(omittedBranches)] : [])].join("\n\n");
}

type Asked = Pick<JourneyWithHops, "client" | "address" | "family" | "protocol">;

/** The command that explains the journey again. @param usual the family of names: the Service's first one */
export const explainCommand = (
	{ client, address, family, protocol = "tcp" }: Asked,
	usual: Family = "ipv4",
): string[] => [
	...["npm", "run", "explain", "--", "--from", client, "--to", address],
	...(family === undefined || family === usual || familyIn(address) ? [] : ["--family", family]),
	...(protocol === "tcp" ? [] : ["--protocol", protocol]),
];

/** One branch. @param end how it ends */
export function stepLines(
	legs: readonly RecordedLeg[],
	hops: readonly Hop[],
	end: string,
	{ rules, width, more }: Required<StepsOptions>,
): string[] {
	const nodes = stepsOf(legs, hops);
	const steps = nodes.flatMap(({ steps }) => steps);
	const shown = rules ? steps : steps.filter(isDecisive);
	const columns = rules ? { width } : columnsFor(shown, width);
	const others = steps.length - shown.length;
	return [
		...header(columns),
		...nodes.flatMap((node) => nodeLines(node, shown, columns)),
		...fill(end, width),
		...(others > 0 ? omittedLines(`${others} of ${steps.length} rules only pass it on.`, more, width) : []),
	];
}

/** The command isn't broken if it fits into a line. */
function omittedLines(text: string, more: readonly string[], width: number): string[] {
	const inOne = fillCommand(more, Number.POSITIVE_INFINITY, `${text} All: `).join("");
	return inOne.length <= width ? [inOne] : [...fill(`${text} All:`, width), ...fillCommand(more, width, "  ")];
}

/** Where the two columns of addresses begin; undefined: there is no room for them. */
interface Columns {
	width: number;
	before?: number;
	after?: number;
}

const gap = 2;
/** The width of "12. " */
const mark = 4;
/** The room that a step's sentence needs. */
const least = 40;

function columnsFor(steps: readonly Step[], width: number): Columns {
	const rewrites = steps.flatMap(({ rewrite }) => rewrite ?? []);
	if (rewrites.length === 0) return { width };
	const text = Math.max(0, ...steps.map((step) => (step.rewrite ? mark + sentence(step).length : 0)));
	const of = (side: (rewrite: Rewrite) => string) =>
		Math.max(...["BEFORE", ...rewrites.map(side)].map(({ length }) => length));
	const [before, after] = [of(beforeText), of(afterText)];
	const room = Math.min(text, width - before - after - 2 * gap);
	if (room < Math.min(text, least)) return { width };
	return { width, before: room + gap, after: room + gap + before + gap };
}

const beforeText = ({ before = "unknown" }: Rewrite): string => before;
const afterText = ({ after = "unknown" }: Rewrite): string => after;

const header = ({ before, after }: Columns): string[] =>
	before === undefined || after === undefined ? [] : [`${" ".repeat(before)}${"BEFORE".padEnd(after - before)}AFTER`];

function nodeLines({ leg, steps }: StepsOnNode, shown: readonly Step[], columns: Columns): string[] {
	const own = steps.filter((step) => shown.includes(step));
	const { width } = columns;
	return [
		...fill(leg.node, width),
		...own.flatMap((step) => linesOf(step, columns)),
		...(own.length === 0 ? fill(emptyText(steps.length), width, " ".repeat(mark)) : []),
		...(leg.unread ? fill(unreadText(leg.node, leg.unread), width, " ".repeat(mark)) : []),
	];
}

const emptyText = (count: number): string =>
	count === 0 ? "No rule acts on the packet." : "No rule changes the packet.";

function linesOf(step: Step, columns: Columns): string[] {
	const { number, hop } = step;
	const prefix = `${number}. `.padStart(mark);
	const { rewrite } = step;
	return [
		...(rewrite && columns.before !== undefined
			? rewriteLines(step, rewrite, prefix, columns)
			: fill(hop.text, columns.width, prefix)),
		...fill(hop.rule, columns.width, " ".repeat(mark + 2)),
	];
}

function rewriteLines(step: Step, rewrite: Rewrite, prefix: string, { before = 0, after = 0 }: Columns): string[] {
	const [first = "", ...others] = fill(sentence(step), before - gap, prefix);
	return [`${first.padEnd(before)}${beforeText(rewrite).padEnd(after - before)}${afterText(rewrite)}`, ...others];
}

const kinds: Partial<Record<Hop["effect"], string>> = { dnat: "DNAT", snat: "SNAT", masquerade: "masquerade" };

/** "KUBE-POSTROUTING rewrites the source (masquerade)" */
const sentence = ({ hop, rewrite }: Step): string =>
	rewrite ? `${hop.chain} rewrites the ${rewrite.field} (${kinds[hop.effect]})` : hop.text;
