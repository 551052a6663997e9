/** The report as one page that needs nothing beside itself: no network, no other file. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Report } from "../../verification/report.ts";
import { traceLine, tracesTitle } from "../traceText.ts";
import { type Choice, choicesOf } from "./choices.ts";
import { experiments } from "./experiments.ts";
import { facts, notices, verdict } from "./head.ts";
import { Markup, markup } from "./markup.ts";
import { matrices } from "./matrices.ts";
import { rulesOfNodes } from "./nodeRules.ts";
import { arrowTip } from "./picture/svg.ts";

/** The whole document. */
export async function htmlReport(report: Report): Promise<string> {
	const [style, script, { choices, pictures }] = await Promise.all([
		Promise.all(["page.css", "tables.css", "picture/picture.css"].map(ownFile)).then((parts) => parts.join("")),
		ownFile("page.js"),
		choicesOf(report),
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
${choices.length > 0 && pathSection(pictures)}
<section><h2>Who reaches what</h2>
<p>Choose a cell to see its packet's path.</p>
${matrices(report)}</section>
${choices.length > 0 && wordsSection(choices)}
${report.rules.length > 0 && rulesSection(report)}
${section(tracesTitle(report), (report.traces ?? []).map(traceLine))}
${report.drawbacks && markup`<section><h2>Drawbacks of NodePort, measured</h2>${experiments(report.drawbacks)}</section>`}
${section("Notes", notes(report))}
</main>
<footer><p>Made by nodeport-lab from ${report.request.report}</p></footer>
${arrowTip}
${pictures.map((picture, i) => markup`<template id="picture-${i}">${picture}</template>`)}
${choices.map(({ words }, i) => markup`<template id="words-${i}">${words}</template>`)}
<script type="application/json" id="choices">${dataOf(report, choices)}</script>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

const ownFile = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), "utf8");

/** As a Content-Security-Policy names what may run. */
const hash = (text: string): Markup => new Markup(`'sha256-${createHash("sha256").update(text).digest("base64")}'`);

const pathSection = ([first]: readonly Markup[]): Markup => markup`<section id="path"><h2>A packet's path</h2>
<form><label>from <select id="client"></select></label> <label>to <select id="target"></select></label></form>
<p id="chosen" role="status"></p>
<div id="picture" class="scroll" role="region" aria-label="The cluster and the path" tabindex="0">${first}</div>
<p><a href="#hops">Hop by hop, in words</a></p></section>`;

const wordsSection = ([first]: readonly Choice[]): Markup => markup`<section id="hops"><h2>Hop by hop</h2>
<p id="subject">${first?.title}</p>
<div id="words">${first?.words}</div></section>`;

const rulesSection = (report: Report): Markup => markup`<section><h2>The Service's rules on each node</h2>
<p>Marked are those that act on the chosen packet.</p>
${rulesOfNodes(report)}</section>`;

function section(title: string, lines: readonly string[]): Markup | undefined {
	if (lines.length === 0) return undefined;
	return markup`<section><h2>${title}</h2><ul>${lines.map((line) => markup`<li>${line}</li>`)}</ul></section>`;
}

function notes({ notAsking, notUnderstood, ways, connectivity }: Report): string[] {
	const { omittedCells } = ways;
	return [
		...notAsking.map((line) => `Not asking: ${line}`),
		...notUnderstood.map((line) => `Not understood: ${line}`),
		...(omittedCells > 0
			? [`Paths of ${omittedCells} of ${connectivity.length} cells are left out for lack of room.`]
			: []),
	];
}

/** What the script knows; first chosen is what is not as it must be. */
function dataOf({ connectivity }: Report, choices: readonly Choice[]): Markup {
	const first = Math.max(
		0,
		connectivity.findIndex(({ ok }) => !ok),
	);
	const data = { first, cells: choices.map(({ words, ...cell }) => cell) };
	// In a script element "<" may begin its end.
	return new Markup(JSON.stringify(data).replaceAll("<", "\\u003c"));
}
