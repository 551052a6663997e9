/** NodePort's drawbacks as cards: what was measured in numbers, or the command that measures it. */
import { experiments } from "../../verification/experiments/all.ts";
import type { Measurement } from "../../verification/experiments/model.ts";
import type { Drawback, Report } from "../../verification/report.ts";
import { subjectText, valueText } from "../drawbacks/drawbacksText.ts";
import { journeyText } from "../journeyText.ts";
import { withTerms } from "./glossary.ts";
import { type KeyFigure, keyFigures } from "./keyFigures.ts";
import { type Markup, markup } from "./markup.ts";

/** One card for each experiment; measured ones come first. The experiments need a cluster of the lab's own. */
export function drawbackCards({ drawbacks: measured = [], request }: Pick<Report, "drawbacks" | "request">): Markup {
	const isMeasured = (name: string) => measured.some((drawback) => drawback.name === name);
	const others = experiments.filter(({ name }) => !isMeasured(name));
	const except = others.flatMap(({ name, onlyByName }) => (onlyByName ? name : [])).join(", ");
	const hint = request.existing
		? markup`<p>The experiments can't run on an existing cluster. <code>PULUMI_STACK=kind npm start</code> creates another lab for them.</p>`
		: markup`<p><code>npm run drawbacks</code> measures them all${except && `, except ${except}`}.</p>`;
	return markup`${others.length > 0 && hint}<div class="cards">${measured.map(measuredCard)}${others.map((experiment) => openCard(experiment, request.existing !== undefined))}</div>`;
}

type Described = Pick<Drawback, "name" | "title" | "question">;

const titleOf = ({ title, question }: Described): Markup =>
	markup`<h3>${title}</h3><p class="question">${withTerms(question)}</p>`;

function measuredCard(drawback: Drawback): Markup {
	const { name, checkedAt, measurements } = drawback;
	const good = measurements.filter(({ ok }) => ok).length;
	const isGood = good === measurements.length;
	return markup`<article class="card">${titleOf(drawback)}
<dl class="figures">${keyFigures(measurements).map(figureOf)}</dl>
<p class="result ${isGood ? "ok" : "failed"}">${good} of ${measurements.length} measurements as predicted</p>
<details><summary>all measurements of ${name}</summary>${measurementList(measurements)}<p><time datetime="${checkedAt}">${checkedAt}</time></p></details></article>
`;
}

const figureOf = ({ figure, what }: KeyFigure): Markup => markup`<div><dt>${what}</dt><dd>${figure}</dd></div>`;

const openCard = (
	experiment: Described,
	isExisting: boolean,
): Markup => markup`<article class="card open">${titleOf(experiment)}
<p class="result">not measured yet</p><p><code>${isExisting && "PULUMI_STACK=kind "}npm run drawbacks -- ${experiment.name}</code></p></article>
`;

const measurementList = (measurements: readonly Measurement[]): Markup =>
	markup`<ul class="measurements">${measurements.map(
		({ subject, expected, measured, ok, journey }) => markup`<li><b>${subjectText(subject)}</b>
<span>predicted: ${valueText(expected)}</span>
<span class="${ok ? "ok" : "failed"}">measured: ${valueText(measured)}${!ok && ". NOT AS PREDICTED"}</span>
${journey && markup`<details><summary>the packet's path</summary><pre tabindex="0">${journeyText(journey)}</pre></details>`}</li>`,
	)}</ul>`;
