/** What an experiment measured, as a few numbers. */

import type { MeasuredSubject, MeasuredValue, Measurement } from "../../verification/experiments/model.ts";
import { costText, timesOf } from "../drawbacks/modeCostText.ts";
import { conditions, familySettings, rolloutChanges } from "../drawbacks/requestSubjects.ts";
import { percent } from "../journeyText.ts";

export interface KeyFigure {
	/** "3 of 4" */
	figure: string;
	/** "nodes drop the request" */
	what: string;
}

/** How many figures a card has room for. */
const most = 3;

/** Requests under the same settings are counted together; each other measurement has its own figures. */
export const keyFigures = (measurements: readonly Measurement[]): KeyFigure[] =>
	[...measurements.flatMap(ownFigures), ...requestFigures(measurements), ...healthFigures(measurements)].slice(0, most);

type Request = Extract<MeasuredSubject, { kind: "request" }>;
type Result = Extract<MeasuredValue, { kind: "results" }>["results"][number];
type Counted = { request: Request; result: Result };

function requestFigures(measurements: readonly Measurement[]): KeyFigure[] {
	const bySettings = new Map<string, Counted[]>();
	for (const { subject, measured } of measurements) {
		const result = measured.kind === "results" ? measured.results[0] : undefined;
		if (subject.kind !== "request" || !result) continue;
		const settings = settingsText(subject);
		bySettings.set(settings, [...(bySettings.get(settings) ?? []), { request: subject, result }]);
	}
	return [...bySettings].map(([settings, all]) => countOf(all, settings));
}

const settingsText = ({ policy, proxyMode, nodePortAddresses, ...families }: Request): string =>
	[
		...familySettings(families),
		...(policy ? [`policy ${policy}`] : []),
		...(proxyMode ? [`${proxyMode} mode`] : []),
		...(nodePortAddresses ? [`nodePortAddresses ${nodePortAddresses.join(", ")}`] : []),
	].join(", ");

/** How many requests lose the client's address; where that isn't asked, how many get an answer. */
function countOf(all: readonly Counted[], settings: string): KeyFigure {
	const suffix = settings === "" ? "" : ` (${settings})`;
	const answered = all.filter(({ result }) => result.outcome === "ok");
	const known = answered.filter(
		({ request, result }) => request.clientIp !== undefined && result.clientIp !== undefined,
	);
	if (known.length === all.length) {
		const lost = known.filter(({ request, result }) => request.clientIp !== result.clientIp);
		return {
			figure: `${lost.length} of ${all.length}`,
			what: `requests hide the client's address from the pod${suffix}`,
		};
	}
	const unanswered = all.length - answered.length;
	if (unanswered > 0) return { figure: `${unanswered} of ${all.length}`, what: `requests get no answer${suffix}` };
	return { figure: `${all.length} of ${all.length}`, what: `requests are answered${suffix}` };
}

/** The health check node ports, which tell a load balancer where endpoints are. */
function healthFigures(measurements: readonly Measurement[]): KeyFigure[] {
	const checks = measurements.flatMap(({ measured }) => (measured.kind === "health" ? measured : []));
	if (checks.length === 0) return [];
	const failing = checks.filter(({ status }) => status !== 200).length;
	return [
		{
			figure: `${failing} of ${checks.length}`,
			what: "nodes report on their health check node port that they have no endpoint",
		},
	];
}

function ownFigures({ subject, measured }: Measurement): KeyFigure[] {
	switch (measured.kind) {
		case "noAnswer":
			if (subject.kind === "datagram") return datagramFigures(subject, "no answer");
			return subject.kind === "request"
				? [{ figure: "no answer", what: `through ${subject.node}${ownConditions[subject.condition ?? "ownNode"]}` }]
				: [];
		case "answering":
			return [{ figure: `${measured.answering} of ${measured.of}`, what: answeringText(subject) }];
		case "outage":
			return [
				{ figure: `${measured.seconds} s`, what: `until every node answers; ${measured.failed} requests failed` },
			];
		case "failing":
			return subject.kind === "rollout" ? [rolloutFigure(subject, measured)] : [];
		case "results":
			if (subject.kind === "datagram") return datagramFigures(subject, measured.results[0]?.outcome ?? "");
			return subject.kind === "affinity" ? affinityFigures(subject) : [];
		case "shares":
			// Through the pod's own node nothing crosses: that is only measured to compare.
			return subject.kind === "distribution" && !subject.ownNode ? shareFigures(measured, subject.replicas) : [];
		case "refused":
			return subject.kind === "secondService"
				? [{ figure: "refused", what: `another Service on nodePort ${subject.nodePort}` }]
				: [];
		case "ports":
			return [
				{
					figure: `${measured.inBand.length}`,
					what: `auto-assigned nodePorts are from ${measured.band.join(" to ")}`,
				},
			];
		case "costs":
			return subject.kind === "modeCost"
				? [
						{
							figure: timesOf(measured.nftables / measured.iptables),
							what: `${costText(subject)}: nftables / iptables`,
						},
					]
				: [];
		case "listed":
			return [{ figure: measured.isListed ? "still listed" : "not listed", what: `${measured.address} in the API` }];
		case "count":
			return subject.kind === "endpoints" ? [{ figure: `${measured.count}`, what: "ready endpoints" }] : [];
		default:
			return [];
	}
}

const ownConditions = { ...conditions, ownNode: "", stopped: ", which has just stopped" };

const answeringText = (subject: MeasuredSubject): string =>
	subject.kind === "otherNodes" ? `other nodes answer while ${subject.stopped} is stopped` : "nodes answer";

function rolloutFigure(
	{ change, servesOn }: Extract<MeasuredSubject, { kind: "rollout" }>,
	{ seconds, failed, requests }: Extract<MeasuredValue, { kind: "failing" }>,
): KeyFigure {
	const when = `while ${rolloutChanges[change]} (${servesOn ? "preStop" : "no preStop"})`;
	return failed === 0
		? { figure: `0 of ${requests}`, what: `requests fail ${when}` }
		: { figure: `${seconds} s`, what: `with failed requests ${when}` };
}

/** Only clients that a node takes for another one: that a client is remembered is what affinity is for. */
const affinityFigures = ({
	client,
	remembered,
	node,
	seenAs,
}: Extract<MeasuredSubject, { kind: "affinity" }>): KeyFigure[] =>
	remembered === undefined || remembered === client
		? []
		: [{ figure: "same pod", what: `answers ${client} and ${remembered}: ${node} sees both as ${seenAs}` }];

const stale: Record<string, string> = {
	nodePortAdded: "although the Service has the nodePort now",
	endpointRemoved: "although the Service has no endpoint any more",
	serviceRemoved: "although the Service is removed",
};

/** Only where the kept source port isn't treated as the rules say. */
function datagramFigures(
	{ sourcePort, condition }: Extract<MeasuredSubject, { kind: "datagram" }>,
	outcome: string,
): KeyFigure[] {
	const why = stale[condition];
	if (sourcePort === undefined || why === undefined) return [];
	return [{ figure: outcome === "ok" ? "answered" : outcome, what: `with the kept source port, ${why}` }];
}

function shareFigures(
	{ shares, latencyRatios = [] }: Extract<MeasuredValue, { kind: "shares" }>,
	replicas: number,
): KeyFigure[] {
	const pods = replicas === 1 ? "1 pod" : `${replicas} pods`;
	const crossing = shares.find(({ of }) => of === "otherNode");
	const [largest] = shares.toSorted((one, other) => other.share - one.share);
	const median = latencyRatios.find(({ percentile }) => percentile === 50);
	return [
		...(crossing ? [{ figure: percent(crossing.share), what: `of the requests cross to another node (${pods})` }] : []),
		...(!crossing && largest && replicas > 1
			? [{ figure: percent(largest.share), what: `of the requests go to one of ${pods}` }]
			: []),
		...(median ? [{ figure: timesOf(median.ratio), what: "the median latency through another node" }] : []),
	];
}
