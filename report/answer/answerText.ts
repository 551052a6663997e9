/** The answer of a report: the verdict, who answers, which address the pod sees, and where to go on. */
import { dirname, join } from "node:path";
import type { Report } from "../../verification/report.ts";
import { explainCommand } from "../path/stepsText.ts";
import type { Screen } from "../screen/screen.ts";
import { type Answer, answerOf, type Group } from "./answer.ts";
import { answerLines, clientText, type Line, margin, shortList, type Verdict } from "./answerLines.ts";

/** At most 12 lines of 100 characters. @param verdict replaces that of the report */
export function answerText(report: Report, screen: Screen, verdict: Verdict = verdictOf(report)): string {
	const answer = answerOf(report);
	const width = screen.width ?? Number.POSITIVE_INFINITY;
	// Two lines at most, each of which may end early.
	const room = Math.max(20, Math.floor((width - margin) * 1.2));
	const why = answer ? explainCommand({ client: answer.client.name, address: answer.explain }) : explainHelp;
	return answerLines(verdict, [...(answer ? factLines(answer, room) : []), ...nextLines(report, why)], screen);
}

/** "verified at 2026-11-24T10:00:00.000Z: 53 of 53 requests ended as expected, 4 of 4 traces equal the predicted path" */
export function verdictOf({ ok, checkedAt, connectivity, traces = [], findings }: Report): Verdict {
	const count = <T>(all: readonly T[], good: (one: T) => boolean) => `${all.filter(good).length} of ${all.length}`;
	const traced = traces.filter(({ result }) => result !== "untraced");
	const counts = [
		`${count(connectivity, ({ ok }) => ok)} requests ended as expected`,
		...(traced.length > 0
			? [`${count(traced, ({ result }) => result === "agrees")} traces equal the predicted path`]
			: []),
		...(traced.length < traces.length ? [`${traces.length - traced.length} nodes couldn't be traced`] : []),
		...(ok ? [] : [findings.length === 1 ? "1 finding" : `${findings.length} findings`]),
	];
	return { ok, text: `${ok ? "verified" : "verification failed"} at ${checkedAt}: ${counts.join(", ")}` };
}

function factLines(answer: Answer, room: number): Line[] {
	const { client } = answer;
	return [
		{ label: "answer", text: whoText(answer, room) },
		{ label: "client", text: clientText(client.name, client.place) },
		...(answer.seen.length > 0 ? [{ label: "pod saw", text: seenText(answer, room) }] : []),
	];
}

function whoText({ pods, silent, nodes, nodePort }: Answer, room: number): string {
	const answered = new Set(pods.flatMap(({ through }) => through)).size;
	const which = answered === nodes ? `all ${nodes} nodes` : `${answered} of ${nodes} nodes`;
	const names = pods.map(({ value: { ip, node } }) => `${ip} on ${node}`);
	const who =
		pods.length === 0
			? `no pod, through port ${nodePort} of any of ${nodes} nodes`
			: `${shortList(names, room - 50)}, through port ${nodePort} of ${which}`;
	return [who, ...silent.map((group) => silentText(group, room - 90))].join("; ");
}

const silentText = ({ value: { outcome, isExpected }, through }: Answer["silent"][number], room: number): string =>
	`${outcome} through ${shortList(through, room)}${isExpected ? ", as expected" : ""}`;

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
