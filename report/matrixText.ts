/** The connectivity matrix as text: what was predicted, what was measured, and where they differ. */

import { table, wrappedTable } from "../lib/table.ts";
import type { Cell, Expected, Observed, Outcome } from "../verification/model.ts";
import { agrees } from "../verification/probe.ts";
import type { Difference } from "../verification/report.ts";

/** Colours the words of a verdict, where there are colours. */
export type PaintVerdict = (ok: boolean, text: string) => string;

/** A cell after the other, with all that is known of each: for the one client that asks by default. */
export const cellList = (cells: readonly Cell[], paint: PaintVerdict): string =>
	table([
		["CLIENT", "TARGET", "ADDRESS", "EXPECTED", "OBSERVED", "ANSWER", "CLIENT IP SEEN", "MS", "VERDICT"],
		...cells.map(({ client, target, expected, observed, ok }) => [
			client,
			target.node ?? target.kind,
			target.address,
			expected.outcome,
			observed.outcome,
			answer(observed),
			observed.clientIp ?? "",
			String(observed.milliseconds ?? ""),
			paint(ok, ok ? "as expected" : "FAILED"),
		]),
	]);

/** The walkthrough's `message` where the echo answered, else the first line of what was said. */
function answer({ body = "", node, podIp }: Observed): string {
	return node && podIp ? `NODE: ${node}, POD IP:${podIp}` : (body.split("\n")[0] ?? "").slice(0, 60);
}

/** One of the three tables: a row for each client, a column for each target. */
export interface MatrixTable {
	title: string;
	text: string;
}

/** Predicted, with what its words mean; measured; difference. */
export function matrixTables(cells: readonly Cell[], width: number, paint: PaintVerdict): MatrixTable[] {
	const tableOf = (say: (cell: Cell) => string) => wrappedTable(matrixRows(cells, say), width);
	const count = cells.filter(({ ok }) => !ok).length;
	return [
		{
			title: "Predicted: how each request ends, and which client IP the pod sees",
			text: `${tableOf(({ expected }) => ending(expected))}\n\n${legend(cells).join("\n")}`,
		},
		{ title: "Measured", text: tableOf(({ observed }) => ending(observed)) },
		{
			title: `Difference: ${count === 0 ? `none in ${cells.length} cells` : `${count} of ${cells.length} cells`}`,
			text: tableOf((cell) => paint(cell.ok, cell.ok ? asPredicted : `FAILED ${differing(cell)}`)),
		},
	];
}

/** What is not as predicted, in few words; the findings below the tables say it in full. */
export function differing({ expected, observed }: Cell): string {
	if (ending(expected) !== ending(observed)) return `${ending(observed)}, not ${ending(expected)}`;
	if (!agrees(expected, observed)) return "another pod";
	return "the rules say otherwise";
}

/** No client IP where it depends on which of several pods answers. */
export const ending = ({ outcome, clientIp = "" }: Pick<Expected, "outcome" | "clientIp">): string =>
	outcome === "ok" ? `ok ${clientIp}`.trimEnd() : outcome;

function matrixRows(cells: readonly Cell[], say: (cell: Cell) => string): string[][] {
	const { targets, rows } = grid(cells);
	return [
		["CLIENT", ...targets],
		...rows.map(({ client, cells }) => [client, ...cells.map((cell) => (cell ? say(cell) : notRouted))]),
	];
}

/** What a table says where a client does not ask a target. */
export const notRouted = "not routed";

/** What the third table says where there is no difference. */
export const asPredicted = "as predicted";

const meanings: Record<Outcome | typeof notRouted, string> = {
	ok: "a pod of the Service answered; behind it the client IP that the pod sees, where that can be foretold",
	refused: "nothing accepts the connection there, and the client is told so",
	timeout: "no answer came",
	dns: "the name was not resolved",
	http: "the answer was an HTTP error",
	other: "what came is none of these; the findings tell",
	[notRouted]: "nothing leads there from that client, or nothing can be foretold of it: it does not ask",
};

/** A line for each word that the tables use. */
export function legend(cells: readonly Cell[]): string[] {
	const used = new Set<string>(cells.flatMap(({ expected, observed }) => [expected.outcome, observed.outcome]));
	if (grid(cells).rows.some(({ cells }) => cells.includes(undefined))) used.add(notRouted);
	return Object.entries(meanings).flatMap(([word, meaning]) => (used.has(word) ? [`${word}: ${meaning}`] : []));
}

/** The cells in rows and columns: of each client, one cell for each target, or none. */
export interface Grid {
	targets: string[];
	rows: { client: string; cells: (Cell | undefined)[] }[];
}

/** Clients and targets in the order of the cells. */
export function grid(cells: readonly Cell[]): Grid {
	const targets = [...new Set(cells.map(headOf))];
	const clients = [...new Set(cells.map(({ client }) => client))];
	const byPlace = new Map(cells.map((cell) => [`${cell.client} ${headOf(cell)}`, cell]));
	const cellsOf = (client: string) => targets.map((target) => byPlace.get(`${client} ${target}`));
	return { targets, rows: clients.map((client) => ({ client, cells: cellsOf(client) })) };
}

/** The node of a NodePort, "clusterIp", "serviceDns", or the address where there are several of a kind. */
export function headOf({ target: { kind, node, address } }: Cell): string {
	if (node) return node;
	return kind === "nodePort" || kind === "podIp" ? address : kind;
}

/** One line for a cell: what was promised, where the rules lead, what came, and the command that asks again. */
export function failureOf(cell: Cell, { rules }: Difference): string {
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
	return `${cellName(cell)}: expected ${list(wanted)}; the rules lead to ${rules}; observed ${list(got)}; repeat: ${cell.command}`;
}

/** "client -> kind address" as every message and table names a cell. */
export const cellName = ({ client, target }: Pick<Cell, "client" | "target">): string =>
	`${client} -> ${target.node ? `${target.node} ` : ""}${target.kind} ${target.address}`;

/** Paths are long: of many cells that differ, the first few show why. */
const pathsShown = 3;

/** The ways of the packets of cells that differ, as the rules have them. */
export function differencePaths(differences: readonly Difference[]): string {
	const shown = differences.slice(0, pathsShown).map(({ cell, path }) => `${cell}\n${path}`);
	const left = differences.length - shown.length;
	const more = left > 0 ? [`The paths of ${left} more are in the report, and shown by \`npm run explain\`.`] : [];
	return [...shown, ...more].join("\n\n");
}
