/** The measured drawbacks of NodePort as a table. */
import type { Drawback, Measurement } from "../../verification/report.ts";
import { journeyText } from "../journeyText.ts";
import { type Markup, markup } from "./markup.ts";

export const drawbacksTable = (drawbacks: readonly Drawback[]): Markup => markup`
<div class="scroll" role="region" aria-label="Drawbacks" tabindex="0"><table class="drawbacks">
<thead><tr><th scope="col">what</th><th scope="col">expected</th><th scope="col">measured</th><th scope="col">result</th></tr></thead>
${drawbacks.map(
	({ name, title, question, checkedAt, measurements }) => markup`<tbody>
<tr class="head"><th scope="rowgroup" colspan="4"><b>${name}</b>: ${title}. <i>${question}</i> <time datetime="${checkedAt}">${checkedAt}</time></th></tr>
${measurements.map(measurementRow)}</tbody>`,
)}</table></div>`;

const measurementRow = ({ what, expected, measured, ok, journey }: Measurement): Markup => markup`
<tr><td>${what}${journey && markup`<details><summary>the packet's path</summary><pre tabindex="0">${journeyText(journey)}</pre></details>`}</td><td>${expected}</td>
<td>${measured}</td><td class="${ok ? "ok" : "failed"}">${ok ? "as expected" : "NOT AS EXPECTED"}</td></tr>`;
