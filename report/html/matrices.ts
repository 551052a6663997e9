/** The three matrices as tables of buttons: a selected request shows its packet's path. */
import type { Cell } from "../../verification/model.ts";
import type { Report } from "../../verification/report.ts";
import { asPredicted, differing, ending, grid, headOf, legend, notSent } from "../matrixText.ts";
import { type Markup, markup } from "./markup.ts";

interface CellText {
	text: string;
	/** Its color: see tables.css. */
	tone: "ok" | "other" | "failed";
}

export function matrices({ connectivity }: Pick<Report, "connectivity">): Markup {
	const failed = connectivity.filter(({ ok }) => !ok).length;
	const difference = failed === 0 ? "none" : `${failed} of ${connectivity.length} requests`;
	return markup`${table(
		connectivity,
		"Predicted",
		"how each request ends, and which client IP the pod sees",
		({ expected }) => ({
			text: ending(expected),
			tone: expected.outcome === "ok" ? "ok" : "other",
		}),
	)}
<ul class="legend">${legend(connectivity).map((line) => markup`<li>${line}</li>`)}</ul>
${table(connectivity, "Measured", "how each request ended", ({ observed, ok }) => ({
	text: ending(observed),
	tone: ok ? (observed.outcome === "ok" ? "ok" : "other") : "failed",
}))}
${table(connectivity, "Difference", difference, (cell) => ({
	text: cell.ok ? asPredicted : `FAILED: ${differing(cell)}`,
	tone: cell.ok ? "ok" : "failed",
}))}`;
}

function table(cells: readonly Cell[], title: string, what: string, textOf: (cell: Cell) => CellText): Markup {
	const { targets, rows } = grid(cells);
	const id = title.toLowerCase();
	return markup`<h3 id="${id}">${title}: <span class="what">${what}</span></h3>
<div class="scroll" role="region" aria-labelledby="${id}" tabindex="0"><table class="matrix" aria-labelledby="${id}">
<thead><tr><th scope="col">client</th>${targets.map((target) => markup`<th scope="col">${target}</th>`)}</tr></thead>
<tbody>${rows.map(
		({ client, cells: own }) => markup`
<tr><th scope="row">${client}</th>${own.map((cell) => cellOf(cell, cell && cells.indexOf(cell), textOf))}</tr>`,
	)}</tbody></table></div>
`;
}

function cellOf(cell: Cell | undefined, index: number | undefined, textOf: (cell: Cell) => CellText): Markup {
	if (!cell) return markup`<td class="none">${notSent}</td>`;
	const { text, tone } = textOf(cell);
	return markup`<td class="${tone}"><button type="button" data-cell="${index}" aria-pressed="false"><span class="unseen">${cell.client} to ${headOf(cell)}: </span>${text}</button></td>`;
}
