/** Notices as text: the limits of a verification. */
import { sampleText } from "../kubernetes/existing/nodeSample.ts";
import type { Notice, Report } from "../verification/report.ts";

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
