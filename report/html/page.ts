/** The report as one self-contained page: no network, no other file. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Report } from "../../verification/report.ts";
import { nodeTraceLine, tracesTitle } from "../traceText.ts";
import { drawbacksTable } from "./drawbacksTable.ts";
import { Markup, markup } from "./markup.ts";
import { matrices } from "./matrices.ts";
import { rulesOfNodes } from "./nodeRules.ts";
import { facts, notices, verdict } from "./pageHeader.ts";
import { arrowTip } from "./picture/svg.ts";
import { type RequestView, requestViews } from "./requestViews.ts";

export async function htmlReport(report: Report): Promise<string> {
	const [style, script, { views, pictures }] = await Promise.all([
		Promise.all(["page.css", "tables.css", "picture/picture.css"].map(ownFile)).then((parts) => parts.join("")),
		ownFile("page.js"),
		requestViews(report),
	]);
	const { namespace, name, nodePort } = report.service;
	return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src ${hash(style)}; script-src ${hash(script)}">
<link rel="icon" href="data:,">
<title>NodePort ${nodePort} of ${namespace}/${name}: ${report.ok ? "verified" : "FAILED"}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header><h1>NodePort ${nodePort} of ${namespace}/${name}</h1>
${verdict(report)}
${notices(report)}
${facts(report)}</header>
<main>
${views.length > 0 && pathSection(pictures)}
<section><h2>Connectivity</h2>
<p>Select a request to see its packet's path.</p>
${matrices(report)}</section>
${views.length > 0 && wordsSection(views)}
${report.rules.length > 0 && rulesSection(report)}
${section(tracesTitle(report), (report.traces ?? []).map(nodeTraceLine))}
${report.drawbacks && markup`<section><h2>Drawbacks of NodePort, measured</h2>${drawbacksTable(report.drawbacks)}</section>`}
${section("Notes", notes(report))}
</main>
<footer><p>Created by nodeport-lab from ${report.request.report}</p></footer>
${arrowTip}
${pictures.map((picture, i) => markup`<template id="picture-${i}">${picture}</template>`)}
${views.map(({ words }, i) => markup`<template id="words-${i}">${words}</template>`)}
<script type="application/json" id="requests">${dataOf(report, views)}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

const ownFile = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");

/** The source expression of a Content-Security-Policy. */
const hash = (text: string): Markup => new Markup(`'sha256-${createHash("sha256").update(text).digest("base64")}'`);

const pathSection = ([first]: readonly Markup[]): Markup => markup`<section id="path"><h2>A packet's path</h2>
<form><label>from <select id="client"></select></label> <label>to <select id="target"></select></label></form>
<p id="chosen" role="status"></p>
<div id="picture" class="scroll" role="region" aria-label="The cluster and the path" tabindex="0">${first}</div>
<p><a href="#hops">Hop by hop, in words</a></p></section>`;

const wordsSection = ([first]: readonly RequestView[]): Markup => markup`<section id="hops"><h2>Hop by hop</h2>
<p id="subject">${first?.title}</p>
<div id="words">${first?.words}</div></section>`;

const rulesSection = (report: Report): Markup => markup`<section><h2>The Service's rules on each node</h2>
<p>The marked rules act on the selected packet.</p>
${rulesOfNodes(report)}</section>`;

function section(title: string, lines: readonly string[]): Markup | undefined {
	if (lines.length === 0) return undefined;
	return markup`<section><h2>${title}</h2><ul>${lines.map((line) => markup`<li>${line}</li>`)}</ul></section>`;
}

function notes({ journeys: { omittedRequests }, connectivity }: Report): string[] {
	if (omittedRequests === 0) return [];
	return [`The paths of ${omittedRequests} of ${connectivity.length} requests are left out for lack of room.`];
}

/** The script's data; it first selects a failed request. */
function dataOf({ connectivity }: Report, views: readonly RequestView[]): Markup {
	const first = Math.max(
		0,
		connectivity.findIndex(({ ok }) => !ok),
	);
	const data = { first, requests: views.map(({ words, ...view }) => view) };
	// "<" could start the script's end tag.
	return new Markup(JSON.stringify(data).replaceAll("<", "\\u003c"));
}
