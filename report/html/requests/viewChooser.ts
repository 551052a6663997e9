/** Which view of the Service the page shows: one at a time. page.js makes the choice work. */
import type { ReportView } from "../../views/reportViews.ts";
import { type Markup, markup } from "../markup.ts";

/** @param shown the index of the view that is shown first */
export const viewChooser = (
	views: readonly ReportView[],
	shown: number,
): Markup => markup`<fieldset class="views"><legend>Show</legend>
${views.map(
	(
		view,
		i,
	) => markup`<label><input type="radio" name="view" value="${i}"${i === shown && " checked"}> ${view.name}${failedText(view)}</label>
`,
)}</fieldset>`;

/** The same choice in the form that selects a request. */
export const viewList = (views: readonly ReportView[]): Markup =>
	markup` <label>with <select id="view">${views.map(({ name }) => markup`<option>${name}</option>`)}</select></label>`;

function failedText({ report: { connectivity } }: ReportView): Markup | undefined {
	const failed = connectivity.filter(({ ok }) => !ok).length;
	return failed === 0 ? undefined : markup` <span class="failed">${failed} FAILED</span>`;
}

/** The part of each view; only one of them is visible. Without a heading if there is only one. */
export function inViews(
	views: readonly ReportView[],
	shown: number,
	part: (view: ReportView, index: number) => Markup | undefined,
): Markup {
	if (views.length === 1) return markup`${views.map(part)}`;
	return markup`${views.map(
		(view, i) => markup`<div data-view="${i}"${i !== shown && " hidden"}><h3>${view.name}</h3>
${part(view, i)}</div>
`,
	)}`;
}
