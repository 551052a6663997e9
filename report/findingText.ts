/** Findings as text: one line for each, with the command that inspects, repeats or fixes. */
import { shellText } from "../lib/shell.ts";
import type { Finding, NodeFinding, RequestFinding } from "../verification/findings.ts";
import { observationOf } from "../verification/journey/journey.ts";
import type { End } from "../verification/journey/model.ts";
import type { Command, Expected, Observed } from "../verification/model.ts";
import type { RulesProblem } from "../verification/nodeProblem.ts";
import type { Report } from "../verification/report.ts";
import { unknownText } from "./journeyText.ts";
import { requestName } from "./matrixText.ts";
import { fill, fillCommand } from "./screen/fill.ts";
import { readText, traceLine } from "./traceText.ts";
import { type ViewLabel, viewLabel } from "./views/reportViews.ts";

/** The finding and its commands in one line. */
export const findingText = (finding: Finding): string => lineOf(finding, () => "");

/** One line for each finding, in their order. They name their view if there are several. */
export function findingTexts(report: Report): string[] {
	const label = viewLabel(report);
	return report.findings.map((finding) => lineOf(finding, label));
}

const lineOf = (finding: Finding, label: ViewLabel): string =>
	[
		statementOf(finding, label),
		...commandsOf(finding).map(({ purpose, command }) => `${purpose}: ${shellText(...command)}`),
	].join("; ");

/** All findings for a terminal, with each command in lines of its own. */
export function findingLines(report: Report, width: number): string[] {
	const label = viewLabel(report);
	return report.findings.flatMap((finding) => [
		...fill(`failed: ${statementOf(finding, label)}`, width, "", "  "),
		...commandsOf(finding).flatMap(({ purpose, command }) => fillCommand(command, width, `  ${purpose}: `)),
	]);
}

const statementOf = (finding: Finding, label: ViewLabel): string =>
	finding.kind === "missingDns"
		? `${subjectOf(finding, label)} has no ready endpoint`
		: `${subjectOf(finding, label)}: ${problemText(finding)}`;

/** What the finding is about. */
export function subjectOf(finding: Finding, label: ViewLabel): string {
	switch (finding.kind) {
		case "missingPods":
			return `Deployment ${finding.deployment}`;
		case "missingDns":
			return `the DNS Service ${finding.clusterIp}`;
		case "request":
			return requestName(finding);
		case "rules":
			return `${finding.node}${label(finding)}`;
		case "node":
			return finding.node;
		case "trace":
			return `${finding.trace.node}${label(finding.trace)}`;
	}
}

function problemText(finding: Exclude<Finding, { kind: "missingDns" }>): string {
	switch (finding.kind) {
		case "missingPods":
			return `${finding.observed} of ${finding.expected} pods are ready endpoints of the Service`;
		case "request":
			return requestText(finding);
		case "rules":
		case "node":
			return nodeProblemText(finding);
		case "trace":
			return traceLine(finding.trace);
	}
}

const commandsOf = (finding: Finding): { purpose: string; command: Command }[] => [
	...("inspect" in finding ? command("inspect", finding.inspect) : []),
	...("repeat" in finding ? command("repeat", finding.repeat) : []),
	...("fix" in finding
		? command(finding.kind === "missingDns" ? "fix, if it is scaled to 0" : "fix", finding.fix)
		: []),
];

const command = (purpose: string, words: Command | undefined) => (words ? [{ purpose, command: words }] : []);

function requestText({ expected, predicted, observed }: RequestFinding): string {
	const [error = ""] = observed.body?.split("\n") ?? [];
	const got = [resultText(observed), ...(observed.node === undefined && error !== "" ? [error] : [])].join(", ");
	return [
		`expected ${resultText(expected)}`,
		`predicted from the rules: ${[...new Set(predicted.map(endText))].join(" or ")}`,
		`observed ${got}`,
	].join("; ");
}

/** "ok, from nodeport-worker, pod 10.244.1.2, client IP 172.18.0.3" */
function resultText(result: Expected | Observed): string {
	const nodes = "node" in result ? result.node : (result as Expected).nodes?.join(" or ");
	const pods = "podIp" in result ? result.podIp : (result as Expected).podIps?.join(" or ");
	return [
		result.outcome,
		nodes && `from ${nodes}`,
		pods && `pod ${pods}`,
		result.clientIp && `client IP ${result.clientIp}`,
	]
		.filter(Boolean)
		.join(", ");
}

const endText = (end: End): string =>
	end.kind === "unknown" ? `unknown result on ${end.node} (${unknownText(end)})` : resultText(observationOf(end));

/** What is wrong with the node's rules. */
export const nodeProblemText = ({ kind, problem }: NodeFinding): string =>
	kind === "rules" ? rulesText(problem) : readText(problem);

function rulesText(problem: RulesProblem): string {
	switch (problem.kind) {
		case "endpoints":
			if (problem.foreign) {
				const { owner, rule } = problem.foreign;
				return `a rule of ${owner} acts before kube-proxy's: it sends packets to ${list(problem.observed)}, but the endpoints are ${list(problem.expected)} (${rule})`;
			}
			return `its rules send packets to ${list(problem.observed)}, but the Service's endpoints are ${list(problem.expected)}`;
		case "dns":
			return `its rules send DNS queries to ${list(problem.observed)}, but the endpoints of DNS are ${list(problem.expected)}`;
		case "policy": {
			const does = problem.observed === "kept" ? "keep" : "rewrite";
			return `its rules ${does} the client IP of clients outside the cluster, but externalTrafficPolicy is ${problem.expected}`;
		}
	}
}

const list = (all: readonly string[]): string => all.join(", ");
