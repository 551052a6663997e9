/** The report as Markdown with GitHub's tables, for an issue or a job summary. */
import type { Cell } from "../verification/model.ts";
import type { Drawback, Report } from "../verification/report.ts";
import { subjectText, valueText } from "./drawbacks/drawbacksText.ts";
import { findingTexts } from "./findingText.ts";
import { failedJourneys, journeyText } from "./journeyText.ts";
import { plain } from "./markdownText.ts";
import { asPredicted, differing, ending, grid, legend, notSent, predictedTitle } from "./matrixText.ts";
import { noticeTexts } from "./noticeText.ts";
import { traceLines, tracesTitle } from "./traceText.ts";
import { reportViews, suffix } from "./views/reportViews.ts";
import { allOf } from "./views/viewText.ts";

export function markdownReport(report: Report): string {
	const { service, explained } = report;
	const paths = [
		...(explained ? [{ name: `${explained.client} to ${explained.node}`, text: journeyText(explained) }] : []),
		...failedJourneys(report).map(({ name, journey }) => ({
			name: `${name}, not as predicted`,
			text: journeyText(journey),
		})),
	];
	const blocks = [
		`# NodePort ${service.nodePort} of ${plain(`${service.namespace}/${service.name}`)}`,
		report.ok ? `Verified at ${report.checkedAt}.` : `**FAILED** at ${report.checkedAt}:`,
		...list(findingTexts(report)),
		...list(noticeTexts(report)),
		...section("Nodes", nodeTable(report)),
		...reportViews(report).flatMap(({ name, report: { connectivity } }) => matrices(connectivity, name)),
		...paths.flatMap(({ name, text }) => section(`The packet's path: ${plain(name)}`, fenced(text))),
		...section(tracesTitle(report), ...list(traceLines(report))),
		...section("Drawbacks of NodePort, measured", ...(report.drawbacks ?? []).map(drawbackTable)),
	];
	return `${blocks.join("\n\n")}\n`;
}

function matrices(cells: readonly Cell[], view: string): string[] {
	const failed = cells.filter(({ ok }) => !ok).length;
	return [
		...section(
			predictedTitle(view),
			matrix(cells, ({ expected }) => ending(expected)),
			...list(legend(cells)),
		),
		...section(
			`Measured${suffix(view)}`,
			matrix(cells, ({ observed }) => ending(observed)),
		),
		...section(
			`Difference${suffix(view)}: ${failed === 0 ? "none" : failed} of ${cells.length} requests`,
			matrix(cells, (cell) => (cell.ok ? asPredicted : `FAILED: ${differing(cell)}`)),
		),
	];
}

const section = (title: string, ...blocks: string[]): string[] =>
	blocks.length === 0 ? [] : [`## ${title}`, ...blocks];

const list = (lines: readonly string[]): string[] =>
	lines.length === 0 ? [] : [lines.map((line) => `- ${plain(line)}`).join("\n")];

/** The fence is longer than any in the text. */
function fenced(text: string): string {
	const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([signs]) => signs.length));
	const fence = "`".repeat(longest + 1);
	return `${fence}text\n${text}\n${fence}`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map(plain).join(" | ")} |`;
	return [line(heads), `|${" --- |".repeat(heads.length)}`, ...rows.map(line)].join("\n");
}

const nodeTable = ({ nodes, pods }: Report): string =>
	table(
		["node", "status", "InternalIP", "podCIDR", "version", "endpoints of the Service"],
		nodes.map(({ name, role, ready, internalIp, internalIps, podCidr, podCidrs, kubeletVersion }) => [
			role === "worker" ? name : `${name} (${role})`,
			ready ? "Ready" : "NotReady",
			allOf(internalIp, internalIps),
			allOf(podCidr, podCidrs),
			kubeletVersion,
			pods.flatMap((pod) => (pod.node === name ? `${pod.name} ${allOf(pod.ip, pod.ips)}` : [])).join(", "),
		]),
	);

function matrix(cells: readonly Cell[], say: (cell: Cell) => string): string {
	const { targets, rows } = grid(cells);
	return table(
		["client", ...targets],
		rows.map(({ client, cells: own }) => [client, ...own.map((cell) => (cell ? say(cell) : notSent))]),
	);
}

const drawbackTable = ({ name, title, question, checkedAt, measurements }: Drawback): string =>
	[
		`**${plain(name)}**: ${plain(title)}. ${plain(question)} (${checkedAt})`,
		table(
			["what", "expected", "measured", "result"],
			measurements.map(({ subject, expected, measured, ok }) => [
				subjectText(subject),
				valueText(expected),
				valueText(measured),
				ok ? "as expected" : "NOT AS EXPECTED",
			]),
		),
	].join("\n\n");
