/** The answer of a report: the verdict, who answers, which address the pod sees, and where to go on. */
import { dirname, join } from "node:path";
import type { Report } from "../../verification/report.ts";
import { placeText } from "../path/placeText.ts";
import { explainCommand } from "../path/stepsText.ts";
import type { Screen } from "../screen/screen.ts";
import { likenessText } from "../views/likeness.ts";
import { type ReportView, reportViews, usualFamily } from "../views/reportViews.ts";
import { type Answer, answerOf, type Group } from "./answer.ts";
import { answerLines, type Line, margin, shortList, type Verdict } from "./answerLines.ts";

/** At most 12 lines of 100 characters. @param verdict replaces that of the report */
export function answerText(report: Report, screen: Screen, verdict: Verdict = verdictOf(report)): string {
	const views = reportViews(report);
	const answer = answerOf(views);
	const why = answer
		? explainCommand({ client: answer.client.name, ...answer.explain }, usualFamily(report))
		: explainHelp;
	const textWith = (isShort: boolean) => {
		const facts = answer ? [...factLines(answer, screen, isShort), ...viewLines(views, isShort)] : [];
		return answerLines(verdict, [...facts, ...nextLines(report, why)], screen);
	};
	const text = textWith(false);
	return views.length === 1 || text.split("\n").length <= most ? text : textWith(true);
}

/** How many lines a command ends with. */
const most = 12;

/** How the other views compare with the first one, which the other lines are about. */
const viewLines = (views: readonly ReportView[], isShort: boolean): Line[] =>
	views.length === 1 ? [] : [{ label: "views", text: likenessText(views, { isShort }) }];

/** "verified at 2026-11-24T10:00:00.000Z: 53 of 53 requests ended as expected, 4 of 4 traces equal the predicted path" */
export function verdictOf({ ok, checkedAt, connectivity, traces = [], findings }: Report): Verdict {
	const count = <T>(all: readonly T[], good: (one: T) => boolean) => `${all.filter(good).length} of ${all.length}`;
	const traced = traces.filter(({ result }) => result !== "untraced");
	const untraced = new Set(traces.flatMap(({ result, node }) => (result === "untraced" ? node : [])));
	const counts = [
		`${count(connectivity, ({ ok }) => ok)} requests ended as expected`,
		...(traced.length > 0
			? [`${count(traced, ({ result }) => result === "agrees")} traces equal the predicted path`]
			: []),
		...(untraced.size > 0 ? [`${untraced.size} nodes couldn't be traced`] : []),
		...(ok ? [] : [findings.length === 1 ? "1 finding" : `${findings.length} findings`]),
	];
	return { ok, text: `${ok ? "verified" : "verification failed"} at ${checkedAt}: ${counts.join(", ")}` };
}

function factLines(answer: Answer, { width = Number.POSITIVE_INFINITY }: Screen, isShort: boolean): Line[] {
	const { client } = answer;
	// At most two lines; each may end early.
	const room = Math.max(20, Math.floor((width - margin) * 1.2));
	return [
		{ label: "answer", text: whoText(answer, room, isShort) },
		{ label: "client", text: `${client.name}, ${placeText(client.place)}` },
		...(answer.seen.length > 0 ? [{ label: "pod saw", text: seenText(answer, room) }] : []),
	];
}

function whoText({ pods, silent, nodes, nodePort }: Answer, room: number, isShort: boolean): string {
	const answered = new Set(pods.flatMap(({ through }) => through)).size;
	const which = answered === nodes ? `all ${nodes} nodes` : `${answered} of ${nodes} nodes`;
	const names = pods.map(({ value: { ip, node } }) => `${ip} on ${node}`);
	const who =
		pods.length === 0
			? `no pod, through port ${nodePort} of any of ${nodes} nodes`
			: `${shortList(names, room - 50)}, through port ${nodePort} of ${which}`;
	return [who, ...silent.map((group) => silentText(group, room - 90, isShort))].join("; ");
}

function silentText(
	{ value: { outcome, isExpected }, through }: Answer["silent"][number],
	room: number,
	isShort: boolean,
) {
	const nodes = isShort && through.length > 1 ? `${through.length} nodes` : shortList(through, room);
	return `${outcome} through ${nodes}${isExpected ? ", as expected" : ""}`;
}

function seenText({ seen, client: { place } }: Answer, room: number): string {
	const isSeen = seen.some(({ value }) => value === place.ip);
	const never = place.ip === undefined || isSeen ? "" : `; never ${place.ip}`;
	return `${shortList(seen.map(throughText), room - never.length)}${never}`;
}

const throughText = ({ value, through: [first, ...others] }: Group<string>): string =>
	`${value} through ${first}${others.length > 0 ? ` and ${others.length} more` : ""}`;

const explainHelp = ["npm", "run", "explain", "--", "--help"];

/** What to do next: a label and a command each. @param why explains a path */
export function nextLines({ request, drawbacks = [] }: Report, why: readonly string[]): Line[] {
	const measured = drawbacks.length === 0 ? "not measured yet" : `${drawbacks.length} experiments measured`;
	return [
		{ label: "why", command: why },
		{ label: "costs", command: ["npm", "run", "drawbacks"], comment: `what NodePort costs: ${measured}` },
		{ label: "look", text: `${join(dirname(request.report), "report.html")}; all tables: npm run verify -- --verbose` },
		{ label: "remove", command: ["npm", "run", "destroy"] },
	];
}
