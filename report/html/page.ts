/** The report as one self-contained page: no network, no other file. */
import type { Report } from "../../verification/report.ts";
import { traceLines, tracesTitle } from "../traceText.ts";
import { type ReportView, reportViews } from "../views/reportViews.ts";
import { htmlDocument } from "./document.ts";
import { drawbackCards } from "./drawbackCards.ts";
import { glossary, withTerms } from "./glossary.ts";
import { Markup, markup } from "./markup.ts";
import { rulesOfNodes } from "./nodeRules.ts";
import { facts, lessonOf, notices, verdict } from "./pageHeader.ts";
import { player } from "./picture/player.ts";
import { matrices } from "./requests/matrix.ts";
import { type RequestView, requestViews } from "./requests/requestViews.ts";
import { inViews, viewList } from "./requests/viewChooser.ts";
import { mainRequest } from "./takeaway.ts";

export function htmlReport(report: Report): Promise<string> {
	const views = reportViews(report);
	const { requests, pictures } = requestViews(views, report.rules);
	const first = mainRequest({ ...report, connectivity: views.flatMap(({ report }) => report.connectivity) });
	const shown = requests[first];
	const shownView = shown?.view ?? 0;
	const { namespace, name, nodePort } = report.service;
	const body = markup`<header><h1>NodePort ${nodePort} of ${namespace}/${name}</h1>
${verdict(report)}
${lessonOf(views[shownView]?.report ?? report)}
${notices(report)}
${facts(report)}</header>
<main>
${shown && pathSection(shown, pictures, views)}
${
	shown &&
	markup`<section><h2>Who reaches what</h2>
${matrices(views, shownView)}</section>`
}
<section><h2>What NodePort costs</h2>${drawbackCards(report)}</section>
${shown && wordsSection(shown)}
${report.rules.length > 0 && rulesSection(report, views, shownView)}
${section(tracesTitle(report), traceLines(report))}
${section("Notes", notes(report))}
${glossary()}
</main>
<footer><p>Created by nodeport-lab from ${report.request.report}</p></footer>
<div id="tip" role="tooltip" hidden></div>
${pictures.map((picture, i) => markup`<template id="picture-${i}">${picture}</template>`)}
${requests.map(({ words }, i) => markup`<template id="words-${i}">${words}</template>`)}
<script type="application/json" id="requests">${dataOf(first, requests)}</script>`;
	const result = report.ok ? "verified" : "FAILED";
	return htmlDocument({ title: `NodePort ${nodePort} of ${namespace}/${name}: ${result}`, styles, scripts, body });
}

const styles = [
	"page.css",
	"glossary.css",
	"tables.css",
	"rules.css",
	"picture/picture.css",
	"picture/lanes.css",
	"picture/player.css",
	"narrow.css",
	"print.css",
].map((name) => new URL(name, import.meta.url));
const scripts = ["page.js", "picture/player.js", "glossary.js"].map((name) => new URL(name, import.meta.url));

const pathSection = (shown: RequestView, pictures: readonly Markup[], views: readonly ReportView[]): Markup =>
	markup`<section id="path"><h2>A packet's path</h2>
<form><label>from <select id="client"></select></label> <label>to <select id="target"></select></label>${views.length > 1 && viewList(views)}
<label id="branches" hidden>branch <select id="branch"></select></label></form>
<p id="chosen" role="status">${shown.title}</p>
<p id="lesson" hidden>${shown.lesson}</p>
${player()}
<div id="picture" role="group" aria-label="The packet's path: arrow keys step through it" tabindex="0">${pictures[shown.picture]}</div>
<p class="hint"><a href="#hops">Every rule on the path</a></p></section>`;

const wordsSection = ({
	title,
	words,
}: RequestView): Markup => markup`<section id="hops"><h2>Every rule on the path</h2>
<p id="subject">${title}</p>
<div id="words">${words}</div></section>`;

const rulesSection = (
	{ rules }: Report,
	views: readonly ReportView[],
	shown: number,
): Markup => markup`<section><h2>The Service's rules on each node</h2>
<p>${withTerms("kube-proxy writes them. The marked rules act on the selected packet.")}</p>
${inViews(views, shown, ({ report }) => rulesOfNodes(report.rules, rules))}</section>`;

function section(title: string, lines: readonly string[]): Markup | undefined {
	if (lines.length === 0) return undefined;
	return markup`<section><h2>${title}</h2><ul>${lines.map((line) => markup`<li>${line}</li>`)}</ul></section>`;
}

function notes({ journeys: { omittedRequests }, connectivity }: Report): string[] {
	if (omittedRequests === 0) return [];
	return [`The paths of ${omittedRequests} of ${connectivity.length} requests are left out for lack of room.`];
}

/** The script's data; it first selects this request. */
function dataOf(first: number, requests: readonly RequestView[]): Markup {
	const data = { first, requests: requests.map(({ words, ...view }) => view) };
	// "<" could start the script's end tag.
	return new Markup(JSON.stringify(data).replaceAll("<", "\\u003c"));
}
