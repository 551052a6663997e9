/** The report as JUnit's XML, as build servers read it: a suite for each client, one for each experiment. */

import type { Report } from "../verification/report.ts";
import { type Markup, markup } from "./html/markup.ts";
import { cellName, headOf } from "./matrixText.ts";
import { traceLine } from "./traceText.ts";

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

/** Every failure of the report is in one of them: what is no cell's and no trace's is the lab's own. */
function suitesOf({ connectivity, traces = [], drawbacks = [], failures, checkedAt }: Report): Suite[] {
	const told = new Set<string>();
	const failureOf = (start: string): { failure?: string } => {
		const failure = failures.find((line) => line.startsWith(start));
		if (failure === undefined) return {};
		told.add(failure);
		return { failure };
	};
	const clients = [...new Set(connectivity.map(({ client }) => client))].map((client) => ({
		name: `connectivity.${client}`,
		checkedAt,
		cases: connectivity
			.filter((cell) => cell.client === client)
			.map(
				(cell): Case => ({
					name: `${headOf(cell)} (${cell.target.kind} ${cell.target.address})`,
					seconds: (cell.observed.milliseconds ?? 0) / 1000,
					...(!cell.ok && { failure: `${cellName(cell)} is not as predicted`, ...failureOf(`${cellName(cell)}: `) }),
				}),
			),
	}));
	const traceCases = traces.map(
		(trace): Case => ({
			name: trace.node,
			...(trace.result === "untraced" && { skipped: trace.reason }),
			...((trace.result === "differs" || trace.result === "failed") && {
				failure: traceLine(trace),
				...failureOf(`${traceLine(trace)};`),
			}),
		}),
	);
	const experiments = drawbacks.map(({ name, findings, ...drawback }) => ({
		name: `drawbacks.${name}`,
		checkedAt: drawback.checkedAt,
		cases: findings.map(
			({ what, expected, measured, ok }): Case => ({
				name: what,
				...(!ok && { failure: `expected: ${expected}; measured: ${measured}` }),
			}),
		),
	}));
	const others = failures.filter((line) => !told.has(line)).map((failure): Case => ({ name: failure, failure }));
	return [
		...clients,
		{ name: "traces", checkedAt, cases: traceCases },
		{ name: "lab", checkedAt, cases: others },
		...experiments,
	].filter(({ cases }) => cases.length > 0);
}

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
