/** A report as text for a terminal: the nodes, the matrix, each node's chain, and one packet's path in words. */
import { styleText } from "node:util";
import type { Node } from "../kubernetes/model.ts";
import { table, wrapped } from "../lib/table.ts";
import type { Cell, NodeRules } from "../verification/model.ts";
import type { Report } from "../verification/report.ts";
import { drawbackTable } from "./drawbacks.ts";
import { cellList, differencePaths, type MatrixTable, matrixTables, type PaintVerdict } from "./matrixText.ts";
import { traceLine, tracesTitle } from "./traceText.ts";

export interface Screen {
	/** Whether it shows colours. */
	color: boolean;
	/** Characters in a line; what is longer wraps where it may. @default no bound, as for a file */
	width?: number;
}

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

/** The whole report. */
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
			`The packet's path, from ${report.explained?.client} to ${report.explained?.target}`,
			report.explained?.path ?? "",
		),
		...section(tracesTitle(report), (report.traces ?? []).map(traceLine).join("\n")),
		...section("The paths of what differs", differencePaths(report.differences)),
		...section("Drawbacks", report.drawbacks ? drawbackTable(report.drawbacks) : ""),
		...(report.notices ?? []).map((line) => paint("yellow", `notice: ${line}`)),
		...report.notAsking.map((line) => paint("yellow", `not asking: ${line}`)),
		...report.notUnderstood.map((line) => paint("yellow", `not understood: ${line}`)),
		...report.failures.map((failure) => paint("red", `failed: ${failure}`)),
		paint(report.ok ? "green" : "red", closing(report)),
		`full report: ${report.request.report}`,
		...(report.evidence === undefined ? [] : [`evidence: ${report.evidence}`]),
	].join("\n");
}

/** "verified at 2026-11-24T10:00:00.000Z: 53 of 53 requests ended as expected, 4 of 4 traces equal the walk" */
function closing({ ok, checkedAt, connectivity, traces = [], failures }: Report): string {
	const count = <T>(all: readonly T[], good: (one: T) => boolean) => `${all.filter(good).length} of ${all.length}`;
	const traced = traces.filter(({ result }) => result !== "untraced");
	const counts = [
		`${count(connectivity, ({ ok }) => ok)} requests ended as expected`,
		...(traced.length > 0 ? [`${count(traced, ({ result }) => result === "agrees")} traces equal the walk`] : []),
		...(traced.length < traces.length ? [`${traces.length - traced.length} nodes could not be traced`] : []),
		...(ok ? [] : [failures.length === 1 ? "1 finding" : `${failures.length} findings`]),
	];
	return `${ok ? "verified" : "verification failed"} at ${checkedAt}: ${counts.join(", ")}`;
}

/** As the walkthrough tells them apart; with more than one client, as three tables. */
function matrixOf({ connectivity, service, request }: Report, width: number, paint: Paint): MatrixTable[] {
	const verdict: PaintVerdict = (ok, text) => paint(ok ? "green" : "red", text);
	if (request.connectivity === "full") return matrixTables(connectivity, width, verdict);
	const list = (scope: Cell["scope"]) =>
		cellList(
			connectivity.filter((cell) => cell.scope === scope),
			verdict,
		);
	return [
		{ title: `External communication: by the nodePort ${service.nodePort} of each node`, text: list("external") },
		{ title: `Internal communication: by the port ${service.port}`, text: list("internal") },
	];
}

/** As `kubectl get nodes -o wide` shows them: without AGE and EXTERNAL-IP, which the lab is not about, with the podCIDR. */
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

/** For each way of the packet on the node: the chains that it passes, and where it ends. */
function chainsOf({ node, backend, paths }: NodeRules, width: number): string {
	const ways = paths.map(({ probability, hops }) => {
		const way = hops.map(({ effect, to }) =>
			effect === "jump" || effect === "goto" ? to : [effect, to].filter(Boolean).join(" "),
		);
		const share = paths.length > 1 ? `${(probability * 100).toFixed(1)} %: ` : "";
		return wrapped(
			way.map((step, i) => (i === 0 ? `${share}${step}` : `-> ${step}`)),
			width,
			"  ",
		);
	});
	return [`${node} (${backend})`, ...ways].join("\n");
}
