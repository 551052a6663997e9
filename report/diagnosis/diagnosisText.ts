/** A diagnosis for a terminal: the verdict, the findings, who reaches what, and what couldn't be checked. */
import { styleText } from "node:util";
import { accessCommand, type CommandAccess } from "../../kubernetes/source/commandAccess.ts";
import type { Diagnosis } from "../../verification/diagnosis/diagnosis.ts";
import type { WeighedFinding } from "../../verification/diagnosis/diagnosisFinding.ts";
import { fill, fillCommand } from "../screen/fill.ts";
import type { Screen } from "../screen/screen.ts";
import { findingWords } from "./findings/diagnosisFindingText.ts";
import { gapTexts } from "./gapText.ts";
import { predictionRows, predictionTable } from "./predictionTable.ts";

export const serviceName = ({ service: { namespace, name } }: Pick<Diagnosis, "service">): string =>
	`${namespace}/${name}`;

/** The first line: which cluster was read. */
export const clusterLine = ({ cluster, server, version }: Diagnosis["cluster"]): string =>
	`cluster ${cluster} (${server}, Kubernetes ${version})`;

/** One sentence: the first finding, or that there is none. */
export function verdictText(diagnosis: Diagnosis): string {
	const { verdict, findings, predictions, nodes } = diagnosis;
	const subject = serviceName(diagnosis);
	const [first] = findings;
	if (verdict === "broken" && first) return `${subject} is broken: ${findingWords(first.finding).title}.`;
	if (verdict === "suspect" && first) return `${subject} may be broken: ${findingWords(first.finding).title}.`;
	if (verdict === "unchecked")
		return `${subject} couldn't be checked: neither its EndpointSlices nor the rules of a node could be read.`;
	if (predictions.length === 0) return `No fault found in the objects of ${subject}; no node's rules were checked.`;
	const checked = nodes.withRules.length;
	const all = checked === 1 ? "the node" : `all ${checked} nodes`;
	const which = checked === nodes.total ? all : `${checked} of ${nodes.total} nodes`;
	const unknown = predictions.filter(({ ends }) => ends.some(({ end }) => end.kind === "unknown")).length;
	const doubt =
		unknown === 0 ? "" : `, but the result of ${unknown} of ${predictions.length} predicted requests is unknown`;
	const agree = unknown === 0 ? "agree" : "don't contradict each other";
	const isPartial = diagnosis.gaps.some(({ subject }) => subject === "otherRules");
	const extent = isPartial ? ", as far as they could be read" : "";
	return `No fault found in ${subject}: its objects and the rules of ${which} ${agree}${extent}${doubt}.`;
}

export function diagnosisText(diagnosis: Diagnosis, access: CommandAccess, screen: Screen): string {
	const { color, width = Number.POSITIVE_INFINITY } = screen;
	const paint = (format: Parameters<typeof styleText>[0], text: string) => (color ? styleText(format, text) : text);
	const painted = { broken: "red", suspect: "yellow", healthy: "green", unchecked: "yellow" } as const;
	const rows = predictionRows(diagnosis.predictions);
	const gaps = gapTexts(diagnosis.gaps);
	const verdict = fill(verdictText(diagnosis), width).map((line) => paint(["bold", painted[diagnosis.verdict]], line));
	return [
		...fill(clusterLine(diagnosis.cluster), width),
		"",
		...verdict,
		...diagnosis.findings.flatMap((finding, i) => ["", ...findingLines(finding, i + 1, access, width)]),
		...(rows.length > 0
			? ["", paint("bold", "Predicted from the rules of the nodes"), predictionTable(rows, width)]
			: []),
		...(diagnosis.measurements ? ["", ...fill(`Measured: ${measurementText(diagnosis.measurements)}`, width)] : []),
		...(gaps.length > 0 ? ["", paint("bold", "Not checked"), ...gaps.flatMap((text) => fill(text, width, "- "))] : []),
	].join("\n");
}

/** How certain the finding is: nothing, if it is a cause. */
export const weightPrefix = (weight: WeighedFinding["weight"]): string =>
	({ cause: "", suspect: "possible cause: ", note: "note: " })[weight];

export function findingLines(one: WeighedFinding, number: number, access: CommandAccess, width: number): string[] {
	const { title, evidence, advice } = findingWords(one.finding);
	const text = `${weightPrefix(one.weight)}${title}`;
	const sentence = `${capitalized(text)}.`;
	const mark = `${number}. `;
	const indent = " ".repeat(mark.length);
	return [
		...fill(sentence, width, mark),
		...evidence.flatMap((line) => fill(line, width, `${indent}- `)),
		...(advice === undefined ? [] : fill(advice, width, `${indent}fix: `)),
		...(one.fix ? fillCommand(accessCommand(access, one.fix), width, `${indent}fix: `) : []),
		...(one.inspect ? fillCommand(accessCommand(access, one.inspect), width, `${indent}inspect: `) : []),
	];
}

/** "4 of 4 requests ended as predicted." */
export function measurementText(measurements: NonNullable<Diagnosis["measurements"]>): string {
	const silent = measurements.filter(({ observed }) => observed === "silent").length;
	const comparable = measurements.filter(({ predicted, observed }) => predicted.length > 0 && observed !== "silent");
	const agreeing = comparable.filter(({ predicted, observed }) => predicted.some((one) => one === observed));
	const rest = measurements.length - comparable.length - silent;
	const more = rest === 0 ? "" : ` ${rest} had no prediction.`;
	const doubt = silent === 0 ? "" : ` ${silent} UDP packets got no answer, which proves nothing.`;
	return `${agreeing.length} of ${comparable.length} requests ended as predicted.${more}${doubt}`;
}

/** Names of fields, such as externalTrafficPolicy, and of settings keep their spelling. */
const capitalized = (text: string): string =>
	/^[a-z]+[ :]/.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text;
