/** The report for a terminal: what went wrong and the answer; on request all tables, chains, paths and traces. */
import type { Node } from "../kubernetes/model.ts";
import { wrapped, wrappedTable } from "../lib/table.ts";
import type { ReportTexts } from "../verification/evidence/gather.ts";
import type { Cell, NodeRules } from "../verification/model.ts";
import type { Report } from "../verification/report.ts";
import { answerText } from "./answer/answerText.ts";
import { drawbackTable } from "./drawbacks/drawbacksText.ts";
import { findingLines, findingTexts } from "./findingText.ts";
import { percent } from "./journeyText.ts";
import { cellList, type MatrixTable, matrixTables, type PaintVerdict } from "./matrixText.ts";
import { isMinor, noticeText } from "./noticeText.ts";
import { failedPaths } from "./path/failedPaths.ts";
import { stepsText } from "./path/stepsText.ts";
import { fill } from "./screen/fill.ts";
import { type Paint, painter, type Screen } from "./screen/screen.ts";
import { traceLines, tracesTitle, traceTexts } from "./traceText.ts";
import { type ReportView, reportViews, suffix } from "./views/reportViews.ts";
import { allOf } from "./views/viewText.ts";

/** Notices, findings and the answer; before them, if the screen is verbose, everything else. */
export function terminalReport(report: Report, screen: Screen): string {
	const { verbose = false } = screen;
	const paint = painter(screen);
	return [
		...(verbose ? detailLines(report, screen, paint) : []),
		...problemLines(report, screen, paint),
		answerText(report, screen),
	].join("\n");
}

/** What the user must know or act on. */
function problemLines(report: Report, screen: Screen, paint: Paint): string[] {
	const { width = Number.POSITIVE_INFINITY, verbose = false } = screen;
	const painted = (format: Parameters<Paint>[0], lines: string[]) => lines.map((line) => paint(format, line));
	const notices = report.notices.filter((notice) => verbose || !isMinor(notice));
	const paths = failedPaths(report, { rules: verbose, width });
	return [
		...(paths === "" ? [] : [paint("bold", "The paths of failed requests"), paths, ""]),
		...notices.flatMap((notice) => painted("yellow", fill(`notice: ${noticeText(notice, report)}`, width, "", "  "))),
		...painted("red", findingLines(report, width)),
		...(report.evidence === undefined ? [] : [`evidence: ${report.evidence}`]),
	];
}

function detailLines(report: Report, { width = Number.POSITIVE_INFINITY }: Screen, paint: Paint): string[] {
	const section = (title: string, text: string) =>
		text === "" ? [] : [...fill(title, width).map((line) => paint("bold", line)), text, ""];
	const { service, explained } = report;
	const views = reportViews(report);
	// The port of each protocol has its own name.
	const name = `${service.namespace}/${service.name}${views.length > 1 ? "" : `:${service.portName}`}`;
	return [
		...section("Nodes", nodeTable(report.nodes, width)),
		...views.flatMap((view) => matrixOf(view, width, paint)).flatMap(({ title, text }) => section(title, text)),
		...views.flatMap((view) =>
			section(
				`The rules of ${name} on each node (${[`${report.proxyMode} mode`, view.name].filter(Boolean).join(", ")})`,
				view.report.rules.map((rules) => chainsOf(rules, width)).join("\n"),
			),
		),
		...section(
			`The packet's path, from ${explained?.client} to ${explained?.node}`,
			explained ? stepsText(explained, { rules: true, width }) : "",
		),
		...section(
			tracesTitle(report),
			traceLines(report)
				.flatMap((line) => fill(line, width, "", "  "))
				.join("\n"),
		),
		...section("Drawbacks", report.drawbacks ? drawbackTable(report.drawbacks, width) : ""),
	];
}

/** External and internal requests, as in the walkthrough; with connectivity "full", three tables. */
function matrixOf({ report, name }: ReportView, width: number, paint: Paint): MatrixTable[] {
	const { connectivity, service, request } = report;
	const verdict: PaintVerdict = (ok, text) => paint(ok ? "green" : "red", text);
	if (request.connectivity === "full") return matrixTables(connectivity, width, verdict, name);
	const list = (scope: Cell["scope"]) =>
		cellList(
			connectivity.filter((cell) => cell.scope === scope),
			width,
			verdict,
		);
	return [
		{
			title: `External communication${suffix(name)}: through nodePort ${service.nodePort} of each node`,
			text: list("external"),
		},
		{ title: `Internal communication${suffix(name)}: through port ${service.port}`, text: list("internal") },
	];
}

/** As `kubectl get nodes -o wide`, with the podCIDR instead of AGE and EXTERNAL-IP. */
const nodeTable = (nodes: Node[], width: number): string =>
	wrappedTable(
		[
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
				allOf(node.internalIp, node.internalIps),
				allOf(node.podCidr, node.podCidrs),
				node.osImage,
				node.kernelVersion,
				node.containerRuntime,
			]),
		],
		width,
	);

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
	report: (report) => terminalReport(report, { color: false, verbose: true }),
	traces: (report) => traceTexts(report).join("\n\n"),
	findings: findingTexts,
};
