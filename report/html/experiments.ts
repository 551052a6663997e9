/** The experiments on the drawbacks of NodePort as a table, each with its findings. */
import type { Drawback, Finding } from "../../verification/report.ts";
import { type Markup, markup } from "./markup.ts";

export const experiments = (drawbacks: readonly Drawback[]): Markup => markup`
<div class="scroll" role="region" aria-label="Drawbacks" tabindex="0"><table class="drawbacks">
<thead><tr><th scope="col">what</th><th scope="col">expected</th><th scope="col">measured</th><th scope="col">result</th></tr></thead>
${drawbacks.map(
	({ name, title, question, checkedAt, findings }) => markup`<tbody>
<tr class="head"><th scope="rowgroup" colspan="4"><b>${name}</b>: ${title}. <i>${question}</i> <time datetime="${checkedAt}">${checkedAt}</time></th></tr>
${findings.map(findingRow)}</tbody>`,
)}</table></div>`;

const findingRow = ({ what, expected, measured, ok, path }: Finding): Markup => markup`
<tr><td>${what}${path && markup`<details><summary>the packet's path</summary><pre tabindex="0">${path}</pre></details>`}</td><td>${expected}</td>
<td>${measured}</td><td class="${ok ? "ok" : "failed"}">${ok ? "as expected" : "NOT AS EXPECTED"}</td></tr>`;
