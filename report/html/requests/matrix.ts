/** The requests as a table of buttons: a selected request shows its packet's path. */
import type { Cell } from "../../../verification/model.ts";
import type { Report } from "../../../verification/report.ts";
import { differing, ending, grid, headOf, keepsAddress, legend, notSent } from "../../matrixText.ts";
import { likenessText } from "../../views/likeness.ts";
import type { ReportView } from "../../views/reportViews.ts";
import { type Markup, markup } from "../markup.ts";
import { inViews, viewChooser } from "./viewChooser.ts";

type Measured = Pick<Report, "connectivity" | "clients">;

/** The matrix of each view, with which the reader chooses one of them. @param shown the index of the view that is shown first */
export function matrices(views: readonly ReportView[], shown: number): Markup {
	const [only, ...others] = views;
	if (only && others.length === 0) return matrix(only.report, { id: "matrix", first: 0 });
	let first = 0;
	const tables = views.map(({ report }, i) => {
		const table = matrix(report, { id: `matrix-${i}`, first });
		first += report.connectivity.length;
		return table;
	});
	return markup`<p>${sentence(likenessText(views))}</p>
${viewChooser(views, shown)}
${inViews(views, shown, (_, i) => tables[i])}`;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** One table: where the measurement differs from the prediction, the request shows both. @param first the number of its first request */
function matrix(report: Measured, { id, first }: { id: string; first: number }): Markup {
	const { connectivity: cells } = report;
	const { targets, rows } = grid(cells);
	return markup`<p id="${id}">${matrixTitle(cells)} <span class="hint">Select a request to see its packet's path.</span></p>
<div class="scroll" role="region" aria-labelledby="${id}" tabindex="0"><table class="matrix" aria-labelledby="${id}">
<thead><tr><th scope="col">client</th>${targets.map((target) => markup`<th scope="col">${target}</th>`)}</tr></thead>
<tbody>${rows.map(
		({ client, cells: own }) => markup`
<tr><th scope="row">${client}</th>${own.map((cell) => cellOf(report, cell, cell && first + cells.indexOf(cell)))}</tr>`,
	)}</tbody></table></div>
<ul class="legend">${[...legend(cells), ...ownLegend(report)].map((line) => markup`<li>${line}</li>`)}</ul>
`;
}

function matrixTitle(cells: readonly Cell[]): string {
	const failed = cells.filter(({ ok }) => !ok).length;
	if (failed === 0) return `Predicted and measured: the same in all ${cells.length} requests.`;
	return `Measured; ${failed} of ${cells.length} requests differ from the prediction.`;
}

const ownAddress = "own address";

const ownLegend = (report: Measured): string[] =>
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
