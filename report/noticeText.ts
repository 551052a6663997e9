/** Notices as text: the limits of a verification. */
import { sampleText } from "../kubernetes/existing/nodeSample.ts";
import type { Notice, Report } from "../verification/report.ts";
import type { ReportProblem } from "../verification/resultFile.ts";

export function noticeText(notice: Notice, { request }: Pick<Report, "request">): string {
	switch (notice.kind) {
		case "sample": {
			const sample = request.existing?.sample;
			if (!sample) return "only some of the nodes were verified";
			return `verified ${sampleText(sample)}${sample.hindered ? ", as of the last update" : ""}`;
		}
		case "replacedProxy":
			return (
				"no node has a kube-proxy pod or a rule of kube-proxy: something else serves Services. " +
				"Answers are measured; paths aren't explained, and client IPs aren't predicted"
			);
		case "noClientOnNode":
			return `no requests from ${notice.node}: no client runs on it`;
		case "noClientOutside":
			return "no requests from outside the cluster: there is no client";
		case "unknownRule":
			return `${notice.node}: this rule can't be evaluated: ${notice.rule}`;
	}
}

export const noticeTexts = (report: Report): string[] => report.notices.map((notice) => noticeText(notice, report));

/** Why there is no report to show, and the fix. */
export function reportProblemText(problem: ReportProblem): string {
	if (problem.kind === "missing") return `the lab isn't verified yet (${problem.path} not found); fix: npm start`;
	const { path, expected, schema } = problem;
	const got = schema === undefined ? "invalid content" : `"${schema}"`;
	return `${path}: expected a report with schema "${expected}", got ${got}; fix: npm start`;
}
