/** The measured drawbacks of NodePort as a table. */
import type { Measurement } from "../../verification/experiments/model.ts";
import type { Drawback } from "../../verification/report.ts";
import { subjectText, valueText } from "../drawbacksText.ts";
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

const measurementRow = ({ subject, expected, measured, ok, journey }: Measurement): Markup => markup`
<tr><td>${subjectText(subject)}${journey && markup`<details><summary>the packet's path</summary><pre tabindex="0">${journeyText(journey)}</pre></details>`}</td><td>${valueText(expected)}</td>
<td>${valueText(measured)}</td><td class="${ok ? "ok" : "failed"}">${ok ? "as expected" : "NOT AS EXPECTED"}</td></tr>`;
