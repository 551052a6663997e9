/** The report for a terminal: nodes, matrix, each node's chains, and one packet's path in words. */
import { styleText } from "node:util";
import type { Node } from "../kubernetes/model.ts";
import { table, wrapped } from "../lib/table.ts";
import type { ReportTexts } from "../verification/evidence/gather.ts";
import type { Cell, NodeRules } from "../verification/model.ts";
import type { Report } from "../verification/report.ts";
import { drawbackTable } from "./drawbacksText.ts";
import { findingText } from "./findingText.ts";
import { firstFailedJourneys, journeyText, percent } from "./journeyText.ts";
import { cellList, type MatrixTable, matrixTables, type PaintVerdict } from "./matrixText.ts";
import { noticeTexts } from "./noticeText.ts";
import { nodeTraceLine, tracesTitle, traceText } from "./traceText.ts";

export interface Screen {
	color: boolean;
	/** Characters per line. @default no limit */
	width?: number;
}

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

export function terminalReport(report: Report, { color, width = Number.POSITIVE_INFINITY }: Screen): string {
	const paint: Paint = (format, text) => (color ? styleText(format, text) : text);
	const section = (title: string, text: string) => (text === "" ? [] : [paint("bold", title), text, ""]);
	const { service } = report;
	const name = `${service.namespace}/${service.name}:${service.portName}`;
	return [
		...section("Nodes", nodeTable(report.nodes)),
		...matrixOf(report, width, paint).flatMap(({ title, text }) => section(title, text)),
		...section(
			`The rules of ${name} on each node (${report.proxyMode} mode)`,
			report.rules.map((rules) => chainsOf(rules, width)).join("\n"),
		),
		...section(
			`The packet's path, from ${report.explained?.client} to ${report.explained?.node}`,
			report.explained ? journeyText(report.explained) : "",
		),
		...section(tracesTitle(report), (report.traces ?? []).map(nodeTraceLine).join("\n")),
		...section("The paths of failed requests", firstFailedJourneys(report)),
		...section("Drawbacks", report.drawbacks ? drawbackTable(report.drawbacks) : ""),
		...noticeTexts(report).map((line) => paint("yellow", `notice: ${line}`)),
		...report.findings.map((finding) => paint("red", `failed: ${findingText(finding)}`)),
		paint(report.ok ? "green" : "red", closing(report)),
		`full report: ${report.request.report}`,
		...(report.evidence === undefined ? [] : [`evidence: ${report.evidence}`]),
	].join("\n");
}

/** "verified at 2026-11-24T10:00:00.000Z: 53 of 53 requests ended as expected, 4 of 4 traces equal the predicted path" */
function closing({ ok, checkedAt, connectivity, traces = [], findings }: Report): string {
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
	return `${ok ? "verified" : "verification failed"} at ${checkedAt}: ${counts.join(", ")}`;
}

/** External and internal requests, as in the walkthrough; with connectivity "full", three tables. */
function matrixOf({ connectivity, service, request }: Report, width: number, paint: Paint): MatrixTable[] {
	const verdict: PaintVerdict = (ok, text) => paint(ok ? "green" : "red", text);
	if (request.connectivity === "full") return matrixTables(connectivity, width, verdict);
	const list = (scope: Cell["scope"]) =>
		cellList(
			connectivity.filter((cell) => cell.scope === scope),
			verdict,
		);
	return [
		{ title: `External communication: through nodePort ${service.nodePort} of each node`, text: list("external") },
		{ title: `Internal communication: through port ${service.port}`, text: list("internal") },
	];
}

/** As `kubectl get nodes -o wide`, with the podCIDR instead of AGE and EXTERNAL-IP. */
const nodeTable = (nodes: Node[]): string =>
	table([
		[
			"NAME",
			"STATUS",
			"ROLES",
			"VERSION",
			"INTERNAL-IP",
			"POD-CIDR",
			"OS-IMAGE",
			"KERNEL-VERSION",
			"CONTAINER-RUNTIME",
		],
		...nodes.map((node) => [
			node.name,
			node.ready ? "Ready" : "NotReady",
			node.role === "worker" ? "<none>" : node.role,
			node.kubeletVersion,
			node.internalIp,
			node.podCidr,
			node.osImage,
			node.kernelVersion,
			node.containerRuntime,
		]),
	]);

/** Each path of the packet through the node's rules: the chains, and how it ends. */
function chainsOf({ node, backend, paths }: NodeRules, width: number): string {
	const lines = paths.map(({ probability, hops }) => {
		const steps = hops.map(({ effect, to }) =>
			effect === "jump" || effect === "goto" ? to : [effect, to].filter(Boolean).join(" "),
		);
		const share = paths.length > 1 ? `${percent(probability)}: ` : "";
		return wrapped(
			steps.map((step, i) => (i === 0 ? `${share}${step}` : `-> ${step}`)),
			width,
			"  ",
		);
	});
	return [`${node} (${backend})`, ...lines].join("\n");
}

/** The texts of a folder of evidence. */
export const evidenceTexts: ReportTexts = {
	report: (report) => terminalReport(report, { color: false }),
	traces: ({ traces = [] }) => traces.map(traceText).join("\n\n"),
	findings: ({ findings }) => findings.map(findingText),
};
