/** The report as JUnit XML for build servers: a suite for each client, for the traces, the lab and each experiment. */
import type { Finding } from "../verification/findings.ts";
import type { Cell } from "../verification/model.ts";
import type { Drawback, Report } from "../verification/report.ts";
import { subjectText, valueText } from "./drawbacks/drawbacksText.ts";
import { findingTexts, subjectOf } from "./findingText.ts";
import { type Markup, markup } from "./html/markup.ts";
import { headOf, requestName, targetAddress } from "./matrixText.ts";
import { nodeTraceLine, untracedReason } from "./traceText.ts";
import { type ViewLabel, viewLabel } from "./views/reportViews.ts";
import { isSameView } from "./views/viewText.ts";

interface Case {
	name: string;
	seconds?: number;
	failure?: string;
	skipped?: string;
}

interface Suite {
	name: string;
	/** RFC 3339, UTC. */
	checkedAt: string;
	cases: Case[];
}

/** A finding and its text. */
interface Described {
	finding: Finding;
	text: string;
}

export function junitReport(report: Report): string {
	const suites = suitesOf(report);
	const all = suites.flatMap(({ cases }) => cases);
	return markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nodeport-lab" ${counts(all)} time="${secondsOf(all)}">
${suites.map(suiteElement)}</testsuites>
`.text;
}

/** Each finding is one failure: of a request, of a trace, or of the lab itself. */
function suitesOf(report: Report): Suite[] {
	const { checkedAt, drawbacks = [] } = report;
	const texts = findingTexts(report);
	const findings = report.findings.map((finding, i): Described => ({ finding, text: texts[i] ?? "" }));
	const label = viewLabel(report);
	const ofLab = findings.filter(({ finding: { kind } }) => kind !== "request" && kind !== "trace");
	return [
		...requestSuites(report, findings),
		{ name: "traces", checkedAt, cases: traceCases(report, findings, label) },
		{
			name: "lab",
			checkedAt,
			cases: ofLab.map(({ finding, text }) => ({ name: subjectOf(finding, label), failure: text })),
		},
		...drawbacks.map(drawbackSuite),
	].filter(({ cases }) => cases.length > 0);
}

function requestSuites({ connectivity, checkedAt }: Report, findings: readonly Described[]): Suite[] {
	const failures = new Map(
		findings.flatMap(({ finding, text }) => (finding.kind === "request" ? [[requestName(finding), text]] : [])),
	);
	const clients = [...new Set(connectivity.map(({ client }) => client))];
	return clients.map((client) => ({
		name: `connectivity.${client}`,
		checkedAt,
		cases: connectivity.filter((cell) => cell.client === client).map((cell) => requestCase(cell, failures)),
	}));
}

function requestCase(cell: Cell, failures: ReadonlyMap<string, string>): Case {
	const { target, observed, ok } = cell;
	const name = requestName(cell);
	return {
		name: `${headOf(cell)} (${target.kind} ${targetAddress(target)})`,
		seconds: (observed.milliseconds ?? 0) / 1000,
		...(!ok && { failure: failures.get(name) ?? `${name} isn't as predicted` }),
	};
}

function traceCases({ traces = [] }: Report, findings: readonly Described[], label: ViewLabel): Case[] {
	return traces.map((trace): Case => {
		const name = `${trace.node}${label(trace)}`;
		if (trace.result === "agrees") return { name };
		if (trace.result === "untraced") return { name, skipped: untracedReason(trace) };
		const described = findings.find(
			({ finding }) =>
				finding.kind === "trace" && finding.trace.node === trace.node && isSameView(finding.trace, trace),
		);
		return { name, failure: described?.text ?? nodeTraceLine(trace, label(trace)) };
	});
}

const drawbackSuite = ({ name, checkedAt, measurements }: Drawback): Suite => ({
	name: `drawbacks.${name}`,
	checkedAt,
	cases: measurements.map(({ subject, expected, measured, ok }) => ({
		name: subjectText(subject),
		...(!ok && { failure: `expected: ${valueText(expected)}; measured: ${valueText(measured)}` }),
	})),
});

function counts(cases: readonly Case[]): Markup {
	const failures = cases.filter(({ failure }) => failure !== undefined).length;
	return markup`tests="${cases.length}" failures="${failures}" errors="0"`;
}

const secondsOf = (cases: readonly Case[]): string =>
	cases.reduce((sum, { seconds = 0 }) => sum + seconds, 0).toFixed(3);

function suiteElement({ name, checkedAt, cases }: Suite): Markup {
	const skipped = cases.filter((one) => one.skipped !== undefined).length;
	return markup`<testsuite name="${name}" timestamp="${checkedAt.slice(0, 19)}" ${counts(cases)} skipped="${skipped}" time="${secondsOf(cases)}">
${cases.map((one) => caseElement(name, one))}</testsuite>
`;
}

const caseElement = (
	suite: string,
	{ name, seconds = 0, failure, skipped }: Case,
): Markup => markup`<testcase classname="${suite}" name="${name}" time="${seconds.toFixed(3)}">${
	failure !== undefined && markup`<failure message="${failure}">${failure}</failure>`
}${skipped !== undefined && markup`<skipped message="${skipped}"/>`}</testcase>
`;
