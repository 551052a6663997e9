/** A diagnosis as one self-contained page: no script, no network, no other file. */
import { shellText } from "../../lib/shell.ts";
import type { Diagnosis } from "../../verification/diagnosis/diagnosis.ts";
import type { WeighedFinding } from "../../verification/diagnosis/diagnosisFinding.ts";
import { htmlDocument } from "../html/document.ts";
import { type Markup, markup } from "../html/markup.ts";
import { clusterLine, measurementText, serviceName, verdictText } from "./diagnosisText.ts";
import { findingWords } from "./findings/diagnosisFindingText.ts";
import { nodeNames } from "./findings/findingWords.ts";
import { gapTexts } from "./gapText.ts";
import { type PredictionRow, predictionRows } from "./predictionTable.ts";

const styles = ["../html/page.css", "../html/tables.css", "../html/print.css", "diagnosisPage.css"].map(
	(name) => new URL(name, import.meta.url),
);

/** As page.css calls results. */
const colors: Record<Diagnosis["verdict"], string> = {
	broken: "failed",
	suspect: "other",
	unchecked: "other",
	healthy: "ok",
};

export function diagnosisPage(diagnosis: Diagnosis): Promise<string> {
	const { findings, predictions, measurements, gaps, verdict } = diagnosis;
	const body = markup`<header><h1>Service ${serviceName(diagnosis)}</h1>
<p class="verdict ${colors[verdict]}">${verdictText(diagnosis)}</p>
${facts(diagnosis)}</header>
<main>
${findings.length > 0 && markup`<section><h2>Findings</h2><ol class="findings">${findings.map(findingItem)}</ol></section>`}
${predictions.length > 0 && predictionSection(predictionRows(predictions))}
${measurements && markup`<section><h2>Measured</h2><p>${measurementText(measurements)}</p></section>`}
${gaps.length > 0 && markup`<section><h2>Not checked</h2><ul>${gapTexts(gaps).map((text) => markup`<li>${text}</li>`)}</ul></section>`}
</main>
<footer><p>Created by nodeport-lab diagnose</p></footer>`;
	return htmlDocument({ title: `${serviceName(diagnosis)}: ${verdict}`, styles, body });
}

function facts({ cluster, service, nodes }: Diagnosis): Markup {
	const { type, clusterIp, ports, externalTrafficPolicy, internalTrafficPolicy } = service;
	const list: [string, string | undefined][] = [
		["cluster", clusterLine(cluster)],
		["type", type],
		["ClusterIP", clusterIp],
		[
			"ports",
			ports
				.map(({ name, port, protocol, targetPort, nodePort }) => {
					const to = nodePort === undefined ? "" : `, nodePort ${nodePort}`;
					return `${name === undefined ? "" : `${name}: `}${port}/${protocol.toLowerCase()} to ${targetPort}${to}`;
				})
				.join("; "),
		],
		["externalTrafficPolicy", externalTrafficPolicy],
		["internalTrafficPolicy", internalTrafficPolicy],
		["rules read on", nodes.withRules.length === 0 ? "no node" : `${nodeNames(nodes.withRules)} (of ${nodes.total})`],
	];
	return markup`<dl class="facts">${list.map(
		([name, value]) => value !== undefined && markup`<div><dt>${name}</dt><dd>${value}</dd></div>`,
	)}</dl>`;
}

const weights: Record<WeighedFinding["weight"], string> = { cause: "cause", suspect: "possible cause", note: "note" };

function findingItem({ weight, finding, fix, inspect }: WeighedFinding): Markup {
	const { title, evidence, advice } = findingWords(finding);
	const command = (purpose: string, words: readonly string[] | undefined) =>
		words && markup`<p>${purpose}: <code>${shellText(...words)}</code></p>`;
	return markup`<li><span class="weight ${weight === "cause" ? "failed" : "other"}">${weights[weight]}</span> <h3>${title}</h3>
<ul>${evidence.map((line) => markup`<li>${line}</li>`)}</ul>
${advice !== undefined && markup`<p>fix: ${advice}</p>`}${command("fix", fix)}${command("inspect", inspect)}</li>
`;
}

const predictionSection = (
	rows: readonly PredictionRow[],
): Markup => markup`<section><h2>Predicted from the rules of the nodes</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">client</th><th scope="col">target</th><th scope="col">result</th></tr></thead>
<tbody>${rows.map((row, i) => rowMarkup(row, rows[i - 1]?.client))}</tbody>
</table></div></section>`;

/** A client's name is in the first of its rows. */
const rowMarkup = ({ client, target, result, ends }: PredictionRow, before: string | undefined): Markup =>
	markup`<tr>${client === before ? markup`<td></td>` : markup`<th scope="row">${client}</th>`}<td>${target}</td><td class="${ends}">${result}</td></tr>
`;
