/** Notices as text: the limits of a verification. */
import { sampleText } from "../kubernetes/existing/nodeSample.ts";
import type { Backend, RuleSource } from "../netfilter/model.ts";
import type { RulesGap } from "../verification/nodeProblem.ts";
import type { Notice, Report } from "../verification/report.ts";
import type { ReportProblem } from "../verification/resultFile.ts";
import { readText } from "./traceText.ts";

export function noticeText(notice: Notice, { request }: Pick<Report, "request">): string {
	switch (notice.kind) {
		case "sample": {
			const sample = request.existing?.sample;
			if (!sample) return "only some of the nodes were verified";
			return `verified ${sampleText(sample)}${sample.hindered ? ", as of the last update" : ""}`;
		}
		case "replacedProxy":
			return (
				"another program serves Services (no kube-proxy pods or rules found). " +
				"Requests are measured; paths aren't explained, and client IPs aren't predicted"
			);
		case "noClientOnNode":
			return `no requests from ${notice.node}: it has no client`;
		case "noClientOutside":
			return "no requests from outside the cluster: no such client exists";
		case "repeatedRequests":
			return (
				`${notice.count} ${notice.count === 1 ? "request" : "requests"} timed out at first, but not when sent again, ` +
				"one by one: the machine is busy, or packets get lost"
			);
		case "unknownRule":
			return `${notice.node}: this rule can't be evaluated: ${notice.rule}`;
		case "unreadRules":
			return `${notice.node}: ${gapText(notice.gap)}`;
		case "leftoverRules": {
			const { backend, chain } = notice.leftovers;
			return (
				`${notice.node}: an earlier kube-proxy has left rules in ${sourceNames[backend]} (chain ${chain}), ` +
				"which the kernel still evaluates; fix: remove them with that tool, or restart the node"
			);
		}
	}
}

const sourceNames: Record<RuleSource | Backend, string> = {
	"iptables-nft": "iptables (nf_tables)",
	"iptables-legacy": "legacy iptables",
	nft: "nft",
	nftables: "nft",
};

const surroundings = {
	network: "its interfaces, routes and settings",
	recent: "the clients that session affinity remembers",
	ipset: "the elements of its ipsets",
};

/** A note on a path through a node that may have rules that couldn't be read. */
export const unreadText = (node: string, sources: readonly RuleSource[]): string =>
	`On ${node}, rules of ${sources.map((source) => sourceNames[source]).join(" and ")} couldn't be read; they may change this path.`;

/** Rules that couldn't be read, and what that means for the paths on the node. */
function gapText({ source, family, present, problem }: RulesGap): string {
	if (source === "network" || source === "recent" || source === "ipset")
		return `${surroundings[source]} couldn't be read, so rules that depend on them are unknown: ${readText(problem)}`;
	const rules = `${sourceNames[source]}${family === "ipv6" ? " (IPv6)" : ""}`;
	const effect =
		present === "yes" ? "paths that they may change are unknown" : "paths may be wrong if such rules exist";
	return `the rules of ${rules} couldn't be read, so ${effect}: ${readText(problem)}`;
}

/** Whether the notice only says which requests the matrix doesn't have. */
export const isMinor = ({ kind }: Notice): boolean => kind === "noClientOnNode" || kind === "noClientOutside";

export const noticeTexts = (report: Report): string[] => report.notices.map((notice) => noticeText(notice, report));

/** Why there is no report to show, and the fix. */
export function reportProblemText(problem: ReportProblem): string {
	if (problem.kind === "missing") return `the lab isn't verified yet (${problem.path} not found); fix: npm start`;
	const { path, expected, schema } = problem;
	const got = schema === undefined ? "invalid content" : `"${schema}"`;
	return `${path}: expected a report with schema "${expected}", got ${got}; fix: npm start`;
}
