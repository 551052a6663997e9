/** The connectivity matrix as text: predicted, measured, and the difference. */
import { wrappedTable } from "../lib/table.ts";
import type { Cell, Expected, Observed, Outcome, Target } from "../verification/model.ts";
import { agrees } from "../verification/probe.ts";
import type { Report } from "../verification/report.ts";
import { fill } from "./screen/fill.ts";
import { suffix } from "./views/reportViews.ts";
import { familyName, withProtocol } from "./views/viewText.ts";

/** Colors the text of a verdict, if the output has colors. */
export type PaintVerdict = (ok: boolean, text: string) => string;

/** One row for each request, with all details: for the single client of connectivity "base". */
export const cellList = (cells: readonly Cell[], width: number, paint: PaintVerdict): string =>
	wrappedTable(
		[
			["CLIENT", "TARGET", "ADDRESS", "EXPECTED", "OBSERVED", "ANSWER", "CLIENT IP SEEN", "MS", "VERDICT"],
			...cells.map(({ client, target, expected, observed, ok }) => [
				client,
				target.node ?? target.kind,
				targetAddress(target),
				expected.outcome,
				observed.outcome,
				answer(observed),
				observed.clientIp ?? "",
				String(observed.milliseconds ?? ""),
				paint(ok, ok ? "as expected" : "FAILED"),
			]),
		],
		width,
		2,
	);

/** The echo's answer as in the walkthrough, or the first line of another answer or error. */
function answer({ body = "", node, podIp }: Observed): string {
	return node && podIp ? `NODE: ${node}, POD IP:${podIp}` : (body.split("\n")[0] ?? "").slice(0, 60);
}

/** One of the three tables: a row for each client, a column for each target. */
export interface MatrixTable {
	title: string;
	text: string;
}

/** Three tables: predicted, with a legend; measured; difference. @param view its name, if there are several */
export function matrixTables(cells: readonly Cell[], width: number, paint: PaintVerdict, view = ""): MatrixTable[] {
	const tableOf = (say: (cell: Cell) => string) => wrappedTable(matrixRows(cells, say), width);
	const count = cells.filter(({ ok }) => !ok).length;
	return [
		{
			title: predictedTitle(view),
			text: `${tableOf(({ expected }) => ending(expected))}\n\n${legendText(cells, width)}`,
		},
		{ title: `Measured${suffix(view)}`, text: tableOf(({ observed }) => ending(observed)) },
		{
			title: `Difference${suffix(view)}: ${count === 0 ? `none in ${cells.length} requests` : `${count} of ${cells.length} requests`}`,
			text: tableOf((cell) => paint(cell.ok, cell.ok ? asPredicted : `FAILED ${differing(cell)}`)),
		},
	];
}

export const predictedTitle = (view: string): string =>
	`Predicted${suffix(view)}: how each request ends, and which client IP the pod sees`;

const legendText = (cells: readonly Cell[], width: number): string =>
	legend(cells)
		.flatMap((line) => fill(line, width, "", "  "))
		.join("\n");

/** The difference in a few words; the findings have the details. */
export function differing({ expected, observed }: Cell): string {
	if (ending(expected) !== ending(observed)) return `${ending(observed)}, not ${ending(expected)}`;
	if (!agrees(expected, observed)) return "another pod";
	return "the rules differ";
}

/** Without a client IP if it depends on which of several pods answers. */
export const ending = ({ outcome, clientIp = "" }: Pick<Expected, "outcome" | "clientIp">): string =>
	outcome === "ok" ? `ok ${clientIp}`.trimEnd() : outcome;

function matrixRows(cells: readonly Cell[], say: (cell: Cell) => string): string[][] {
	const { targets, rows } = grid(cells);
	return [
		["CLIENT", ...targets],
		...rows.map(({ client, cells }) => [client, ...cells.map((cell) => (cell ? say(cell) : notSent))]),
	];
}

/** The client sends no request to the target. */
export const notSent = "not sent";

export const asPredicted = "as predicted";

const meanings: Record<Outcome | typeof notSent, string> = {
	ok: "a pod of the Service answers; the client IP that it sees follows, if it can be predicted",
	refused: "the connection is refused, and the client is notified",
	timeout: "no answer comes",
	dns: "the name isn't resolved",
	http: "the answer is an HTTP error",
	other: "another result; see the findings",
	[notSent]: "the client sends no request, because the target can't be reached or predicted from there",
};

/** One line for each word that the tables use. */
export function legend(cells: readonly Cell[]): string[] {
	const used = new Set<string>(cells.flatMap(({ expected, observed }) => [expected.outcome, observed.outcome]));
	if (grid(cells).rows.some(({ cells }) => cells.includes(undefined))) used.add(notSent);
	return Object.entries(meanings).flatMap(([word, meaning]) => (used.has(word) ? [`${word}: ${meaning}`] : []));
}

/** One row for each client, with one cell for each target; undefined: no request. */
export interface Grid {
	targets: string[];
	rows: { client: string; cells: (Cell | undefined)[] }[];
}

/** In the order of the cells. */
export function grid(cells: readonly Cell[]): Grid {
	const targets = [...new Set(cells.map(headOf))];
	const clients = [...new Set(cells.map(({ client }) => client))];
	const byPlace = new Map(cells.map((cell) => [`${cell.client} ${headOf(cell)}`, cell]));
	const cellsOf = (client: string) => targets.map((target) => byPlace.get(`${client} ${target}`));
	return { targets, rows: clients.map((client) => ({ client, cells: cellsOf(client) })) };
}

/** A nodePort's node, "clusterIp", "serviceDns", or the address if there are several targets of the kind. */
export function headOf({ target: { kind, node, address } }: Cell): string {
	if (node) return node;
	return kind === "nodePort" || kind === "podIp" ? address : kind;
}

/** Whether the pod sees the client's own address. */
export const keepsAddress = ({ clients }: Pick<Report, "clients">, { client, observed }: Cell): boolean =>
	observed.outcome === "ok" &&
	observed.clientIp !== undefined &&
	clients.some(({ name, place }) => name === client && place.ip === observed.clientIp);

/** "client -> node kind address"; unique in a report. */
export const requestName = ({ client, target }: Pick<Cell, "client" | "target">): string =>
	`${client} -> ${target.node ? `${target.node} ` : ""}${target.kind} ${targetAddress(target)}`;

/** "172.18.0.4:30040/udp"; "nodeport-service:8080 over IPv6": a name may have addresses of both families. */
export function targetAddress({ kind, address, family, protocol }: Target): string {
	const isNamedOverIpv6 = kind === "serviceDns" && family === "ipv6";
	return `${withProtocol(address, protocol)}${isNamedOverIpv6 ? ` over ${familyName(family)}` : ""}`;
}
