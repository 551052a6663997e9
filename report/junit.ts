/** The report as JUnit XML for build servers: a suite for each client, for the traces, the lab and each experiment. */
import type { Cell } from "../verification/model.ts";
import type { Drawback, Report } from "../verification/report.ts";
import { subjectText, valueText } from "./drawbacksText.ts";
import { findingText, subjectOf } from "./findingText.ts";
import { type Markup, markup } from "./html/markup.ts";
import { headOf, requestName } from "./matrixText.ts";
import { nodeTraceLine, untracedReason } from "./traceText.ts";

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
	const { checkedAt, findings, drawbacks = [] } = report;
	const ofLab = findings.filter(({ kind }) => kind !== "request" && kind !== "trace");
	return [
		...requestSuites(report),
		{ name: "traces", checkedAt, cases: traceCases(report) },
		{
			name: "lab",
			checkedAt,
			cases: ofLab.map((finding) => ({ name: subjectOf(finding), failure: findingText(finding) })),
		},
		...drawbacks.map(drawbackSuite),
	].filter(({ cases }) => cases.length > 0);
}

function requestSuites({ connectivity, findings, checkedAt }: Report): Suite[] {
	const requests = findings.flatMap((finding) => (finding.kind === "request" ? finding : []));
	const failures = new Map(requests.map((finding) => [requestName(finding), findingText(finding)]));
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
		name: `${headOf(cell)} (${target.kind} ${target.address})`,
		seconds: (observed.milliseconds ?? 0) / 1000,
		...(!ok && { failure: failures.get(name) ?? `${name} isn't as predicted` }),
	};
}

function traceCases({ traces = [], findings }: Report): Case[] {
	const ofTraces = findings.flatMap((finding) => (finding.kind === "trace" ? finding : []));
	return traces.map((trace): Case => {
		if (trace.result === "agrees") return { name: trace.node };
		if (trace.result === "untraced") return { name: trace.node, skipped: untracedReason(trace) };
		const finding = ofTraces.find((finding) => finding.trace.node === trace.node);
		return { name: trace.node, failure: finding ? findingText(finding) : nodeTraceLine(trace) };
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
