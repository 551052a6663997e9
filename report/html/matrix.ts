/** The requests as a table of buttons: a selected request shows its packet's path. */
import type { Cell } from "../../verification/model.ts";
import type { Report } from "../../verification/report.ts";
import { differing, ending, grid, headOf, legend, notSent } from "../matrixText.ts";
import { type Markup, markup } from "./markup.ts";

/** One table: where the measurement differs from the prediction, the request shows both. */
export function matrix(report: Pick<Report, "connectivity" | "clients">): Markup {
	const { connectivity: cells } = report;
	const { targets, rows } = grid(cells);
	return markup`<p id="matrix">${matrixTitle(cells)} <span class="hint">Select a request to see its packet's path.</span></p>
<div class="scroll" role="region" aria-labelledby="matrix" tabindex="0"><table class="matrix" aria-labelledby="matrix">
<thead><tr><th scope="col">client</th>${targets.map((target) => markup`<th scope="col">${target}</th>`)}</tr></thead>
<tbody>${rows.map(
		({ client, cells: own }) => markup`
<tr><th scope="row">${client}</th>${own.map((cell) => cellOf(report, cell, cell && cells.indexOf(cell)))}</tr>`,
	)}</tbody></table></div>
<ul class="legend">${[...legend(cells), ...ownLegend(report)].map((line) => markup`<li>${line}</li>`)}</ul>
`;
}

function matrixTitle(cells: readonly Cell[]): string {
	const failed = cells.filter(({ ok }) => !ok).length;
	if (failed === 0) return `Predicted and measured: the same in all ${cells.length} requests.`;
	return `Measured; ${failed} of ${cells.length} requests differ from the prediction.`;
}

const keepsAddress = ({ clients }: Pick<Report, "clients">, { client, observed }: Cell): boolean =>
	observed.outcome === "ok" &&
	observed.clientIp !== undefined &&
	clients.some(({ name, place }) => name === client && place.ip === observed.clientIp);

const ownAddress = "own address";

const ownLegend = (report: Pick<Report, "connectivity" | "clients">): string[] =>
	report.connectivity.some((cell) => keepsAddress(report, cell))
		? [`${ownAddress}: the pod sees the client's own address`]
		: [];

function cellOf(report: Pick<Report, "clients">, cell: Cell | undefined, index: number | undefined): Markup {
	if (!cell) return markup`<td class="none">${notSent}</td>`;
	const { client, observed, ok } = cell;
	const tone = ok ? (observed.outcome === "ok" ? "ok" : "other") : "failed";
	const text = ok ? ending(observed) : `FAILED: ${differing(cell)}`;
	return markup`<td class="${tone}"><button type="button" data-cell="${index}" aria-pressed="false"><span class="unseen">${client} to ${headOf(cell)}: </span>${text}${keepsAddress(report, cell) && markup` <small>${ownAddress}</small>`}</button></td>`;
}
