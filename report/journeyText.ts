/** A packet's journey in words: the hops are numbered over all nodes, each with its rule. */
import { withPort } from "../netfilter/address.ts";
import type { Hop } from "../netfilter/model.ts";
import { consequence } from "../netfilter/words.ts";
import type { End, JourneyWithHops, RecordedBranch, RecordedLeg } from "../verification/journey/model.ts";
import type { Cell } from "../verification/model.ts";
import type { Report } from "../verification/report.ts";
import { requestName } from "./matrixText.ts";
import { unreadText } from "./noticeText.ts";
import { isSameView } from "./views/viewText.ts";

/** All recorded branches, each with its probability if there are several. */
export function journeyText({ branches, omittedBranches, hops }: JourneyWithHops): string {
	const total = branches.length + omittedBranches;
	const blocks = branches.map((branch, i) => {
		const title = `Branch ${i + 1} of ${total}, probability ${percent(branch.probability)}`;
		return [...(total > 1 ? [title] : []), ...branchLines(branch, hops)].join("\n");
	});
	return [...blocks, ...(omittedBranches > 0 ? [omittedText(omittedBranches)] : [])].join("\n\n");
}

export const percent = (probability: number): string => `${(probability * 100).toFixed(1)} %`;

export const omittedText = (count: number): string =>
	count === 1 ? "1 more branch leads to another pod." : `${count} more branches lead to other pods.`;

/** The journey of a request, if the report has room for it. */
export function recordedJourney(
	{ journeys: { requests, hops } }: Pick<Report, "journeys">,
	{ client, target }: Pick<Cell, "client" | "target">,
): JourneyWithHops | undefined {
	const journey = requests.find(
		(request) => request.client === client && request.address === target.address && isSameView(request, target),
	);
	return journey && { ...journey, hops };
}

/** The journeys of failed requests, as many as there are in the report. */
export const failedJourneys = (report: Report): { name: string; journey: JourneyWithHops }[] =>
	report.findings.flatMap((finding) => {
		if (finding.kind !== "request") return [];
		const journey = recordedJourney(report, finding);
		return journey ? [{ name: requestName(finding), journey }] : [];
	});

function branchLines({ legs, end }: RecordedBranch, hops: readonly Hop[]): string[] {
	const lines: string[] = [];
	let number = 0;
	for (const [i, leg] of legs.entries()) {
		if (i > 0) lines.push(`   It leaves for ${leg.node}, with the source address ${leg.source}.`);
		for (const { text, rule } of hopsOf(leg, hops)) {
			lines.push(`${++number}. ${text}`, ...(rule === undefined ? [] : [`     ${rule}`]));
		}
		if (leg.unread) lines.push(`   ${unreadText(leg.node, leg.unread)}`);
	}
	return [...lines, `   ${endText(end)}`];
}

function hopsOf(leg: RecordedLeg, hops: readonly Hop[]): { text: string; rule?: string }[] {
	const own = leg.hops.flatMap((index) => hops[index] ?? []);
	return own.length > 0 ? own : [{ text: `On ${leg.node} no rule acts on the packet.` }];
}

/** Who answers and which client IP it sees, or why no answer comes. */
export function endText(end: End): string {
	switch (end.kind) {
		case "pod": {
			const at = `${withPort(end.address, end.port)} on ${end.node}`;
			if (end.pod !== undefined) return `Pod ${end.pod} (${at}) answers, and sees the client IP ${end.clientIp}.`;
			return `It reaches a pod that isn't an endpoint of the Service, ${at}, which sees the client IP ${end.clientIp}.`;
		}
		case "node":
			return `It is delivered to ${end.node} itself, ${withPort(end.address, end.port)}: refused, unless a process listens there.`;
		case "reject":
			return `No answer: ${ruleOn(end)} rejects it with ${end.with}, and ${consequence(end.with, "client")}.`;
		case "drop":
			return `No answer: ${ruleOn(end)} drops it, and the client's request times out.`;
		case "loopback":
			return "It stays in the client's own network: each network has its own loopback address, and no node's rules see it.";
		case "unreachable":
			return `No answer from the cluster: ${end.address} isn't the address of a node or a pod.`;
		case "unknown":
			return `What happens to it on ${end.node} is unknown: ${unknownText(end)}.`;
	}
}

/** "nodeport-worker"; "a rule of firewalld on nodeport-worker" if another program than kube-proxy wrote it */
const ruleOn = ({ node, owner }: { node: string; owner?: string | undefined }): string =>
	owner === undefined || owner === "kube-proxy" ? node : `a rule of ${owner} on ${node}`;

/** Why the end isn't known. */
export function unknownText({ node, reason, detail, to }: Extract<End, { kind: "unknown" }>): string {
	switch (reason) {
		case "clientNode":
			return "the client's node isn't in the cluster";
		case "clientAddress":
			return "the address of the client outside isn't known";
		case "unreadRules":
			return `the rules of ${node} couldn't be read`;
		case "loop":
			return "it loops between nodes";
		case "rule":
			return (detail ?? "a rule can't be evaluated").replace(/\.$/, "");
		case "source":
			return `the source address that it leaves ${node} with isn't known`;
		case "otherNode": {
			const address = to ? withPort(to.address, to.port) : "another address";
			return to?.isEndpoint
				? `it is sent to endpoint ${address}, which isn't on a node whose rules were read`
				: `it is sent to ${address}, which isn't the address of a known node or pod`;
		}
	}
}
