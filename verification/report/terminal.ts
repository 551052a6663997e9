/** A report as text for a terminal: the nodes, the matrix, each node's chain, and one packet's path in words. */
import { stripVTControlCharacters, styleText } from "node:util";
import type { Cell, Node, NodeRules, Report } from "../model.ts";
import { cellName } from "../probe.ts";
import type { NodeTrace } from "../trace/model.ts";
import { traceLine } from "./traces.ts";

/** The whole report; with `color`, for a terminal that shows it. */
export function terminalReport(report: Report, color: boolean): string {
	const paint = (format: Parameters<typeof styleText>[0], text: string) => (color ? styleText(format, text) : text);
	const mark = (ok: boolean) => (ok ? paint("green", "ok") : paint("red", "FAILED"));
	const { service } = report;
	return [
		paint("bold", "Nodes"),
		nodeTable(report.nodes),
		"",
		paint("bold", `External communication: by the nodePort ${service.nodePort} of each node`),
		matrix(
			report.connectivity.filter(({ scope }) => scope === "external"),
			mark,
		),
		"",
		paint("bold", `Internal communication: by the port ${service.port}`),
		matrix(
			report.connectivity.filter(({ scope }) => scope === "internal"),
			mark,
		),
		"",
		paint(
			"bold",
			`The rules of ${service.namespace}/${service.name}:${service.portName} on each node (${report.proxyMode} mode)`,
		),
		...report.rules.map(chainOf),
		"",
		...wordsOf(report.rules, (text) => paint("bold", text)),
		...tracesOf(report.traces ?? [], (text) => paint("bold", text)),
		...report.failures.map((failure) => paint("red", `failed: ${failure}`)),
		report.ok
			? paint("green", `verified at ${report.checkedAt}`)
			: paint("red", `verification failed at ${report.checkedAt}`),
		`full report: ${report.request.report}`,
	].join("\n");
}

/** The columns of `kubectl get nodes -o wide` that do not depend on when one asks. */
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

const matrix = (cells: Cell[], mark: (ok: boolean) => string): string =>
	table([
		["CLIENT", "TARGET", "ADDRESS", "EXPECTED", "OBSERVED", "ANSWER", "CLIENT IP SEEN", "MS", ""],
		...cells.map(({ client, target, expected, observed, ok }) => [
			client,
			target.node ?? target.kind,
			target.address,
			expected.outcome,
			observed.outcome,
			answer(observed),
			observed.clientIp ?? "",
			String(observed.milliseconds ?? ""),
			mark(ok),
		]),
	]);

/** The walkthrough's `message` where the echo answered, else the first line of what was said. */
function answer({ body = "", node, podIp }: Cell["observed"]): string {
	return node && podIp ? `NODE: ${node}, POD IP:${podIp}` : (body.split("\n")[0] ?? "").slice(0, 60);
}

/** One line a node: the chains that the packet passes, and where it ends. */
function chainOf({ node, backend, paths }: NodeRules): string {
	const ways = paths.map(({ probability, hops }) => {
		const way = hops.map(({ effect, to }) =>
			effect === "jump" || effect === "goto" ? to : [effect, to].filter(Boolean).join(" "),
		);
		return `${paths.length > 1 ? `${(probability * 100).toFixed(1)} %: ` : ""}${way.join(" -> ")}`;
	});
	return [`${node} (${backend})`, ...ways.map((way) => `  ${way}`)].join("\n");
}

/** The first node's path, hop by hop in words, with each rule beside it. */
function wordsOf(rules: NodeRules[], title: (text: string) => string): string[] {
	const [first] = rules;
	const [path] = first?.paths ?? [];
	if (!first || !path) return [];
	const hops = path.hops.flatMap((hop, i) => [`${i + 1}. ${hop.text}`, `     ${hop.rule}`]);
	return [title(`The packet's path, on ${first.node}`), ...hops, ""];
}

/** One line a node. */
function tracesOf(traces: NodeTrace[], title: (text: string) => string): string[] {
	return traces.length > 0 ? [title("What the kernel traced of it"), ...traces.map(traceLine), ""] : [];
}

// Colour codes take no room on the screen.
const width = (text: string): number => stripVTControlCharacters(text).length;

function table(rows: string[][]): string {
	const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))));
	return rows
		.map((row) =>
			row
				.map((text, i) => text + " ".repeat((widths[i] ?? 0) - width(text)))
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}

/** One line for a failed cell: what was expected, what came, and the command that asks again. */
export function failureOf(cell: Cell): string {
	const { expected, observed } = cell;
	const wanted = [
		expected.outcome,
		expected.nodes && `from ${expected.nodes.join(" or ")}`,
		expected.podIps && `pod ${expected.podIps.join(" or ")}`,
		expected.clientIp && `seeing client ${expected.clientIp}`,
	];
	const got = [
		observed.outcome,
		observed.node && `from ${observed.node}`,
		observed.podIp && `pod ${observed.podIp}`,
		observed.clientIp && `seeing client ${observed.clientIp}`,
		!observed.node && observed.body?.split("\n")[0],
	];
	const list = (parts: (string | false | undefined)[]) => parts.filter(Boolean).join(", ");
	return `${cellName(cell)}: expected ${list(wanted)}; observed ${list(got)}; repeat: ${cell.command}`;
}
