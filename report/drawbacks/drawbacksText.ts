/** The results of experiments as text. */
import { wrappedTable } from "../../lib/table.ts";
import type { MeasuredSubject, MeasuredValue, Measurement } from "../../verification/experiments/model.ts";
import type { Drawback } from "../../verification/report.ts";
import { stepsText } from "../path/stepsText.ts";
import { fill } from "../screen/fill.ts";
import {
	costExpectation,
	costsText,
	costText,
	hasCosts,
	modeSummary,
	programmedText,
	servicesText,
} from "./modeCostText.ts";
import {
	affinityText,
	conditionText,
	datagramText,
	distributionText,
	familySettings,
	requestText,
	rolloutText,
} from "./requestSubjects.ts";

export interface DrawbackOptions {
	/** Show what is as expected too. */
	verbose: boolean;
	/** Show all paths, else only those of what isn't as expected. */
	paths: boolean;
	/** Characters per line. */
	width: number;
}

/** The question, the first measurement, and what isn't as expected. */
export function drawbackText(drawback: Drawback, { verbose, paths, width }: DrawbackOptions): string {
	const { title, question, measurements } = drawback;
	const [first] = measurements;
	const shown = measurements.filter(({ ok, journey }) => verbose || !ok || (paths && journey));
	const example = first && !shown.includes(first) ? fill(exampleText(first), width, "  ") : [];
	const summary = hasCosts(measurements) ? modeSummary(measurements, width) : example;
	const blocks = shown.map(({ subject, expected, measured, ok, journey }) => [
		...fill(`${ok ? "as expected" : "NOT AS EXPECTED"}: ${subjectText(subject)}`, width, "  ", "    "),
		...fill(`expected: ${valueText(expected)}`, width, "    ", "      "),
		...fill(`measured: ${valueText(measured)}`, width, "    ", "      "),
		...(journey && (paths || !ok)
			? [stepsText(journey, { rules: paths, width: width - 4 }).replaceAll(/^/gm, "    ")]
			: []),
	]);
	return [...fill(`${title} (${countText(drawback)}): ${question}`, width), ...summary, ...blocks.flat()].join("\n");
}

const exampleText = ({ subject, measured }: Measurement): string => `${subjectText(subject)}: ${valueText(measured)}`;

/** "4 of 4 as expected" */
const countText = ({ measurements }: Drawback): string =>
	`${measurements.filter(({ ok }) => ok).length} of ${measurements.length} as expected`;

/** "9 of 9 experiments as expected" */
export function drawbacksVerdict(drawbacks: readonly Drawback[]): { ok: boolean; text: string } {
	const good = drawbacks.filter(({ measurements }) => measurements.every(({ ok }) => ok)).length;
	const text = `measured what NodePort costs: ${good} of ${drawbacks.length} experiments as expected; the lab is restored and verified`;
	return { ok: good === drawbacks.length, text };
}

/** One row for each experiment. */
export const drawbackTable = (drawbacks: readonly Drawback[], width = 100): string =>
	wrappedTable(
		[
			["EXPERIMENT", "AS EXPECTED", "WHAT IT SHOWS", "MEASURED AT"],
			...drawbacks.map(({ name, title, checkedAt, measurements }) => [
				name,
				`${measurements.filter(({ ok }) => ok).length} of ${measurements.length}`,
				title,
				checkedAt,
			]),
		],
		width,
	);

/** What was measured. */
export function subjectText(subject: MeasuredSubject): string {
	switch (subject.kind) {
		case "request":
			return requestText(subject);
		case "nodeStatus":
			return `Node ${subject.node}, after the grace period`;
		case "listed":
			return "the Service and the nodes in the API";
		case "dns":
			return subject.headless
				? "DNS for a headless Service of the same pods"
				: `DNS for ${subject.name}, which has no node's address`;
		case "healthCheck":
			return `the health check node port ${subject.port} of ${subject.node}${conditionText(subject.condition)}`;
		case "secondService":
			return `another Service on nodePort ${subject.nodePort}`;
		case "assignedPorts":
			return `${subject.services} Services whose nodePort the API server chooses`;
		case "otherNodes":
			return subject.seconds === 0
				? `the other nodes, right after ${subject.stopped} was stopped`
				: `the other nodes, ${subject.seconds} s later`;
		case "endpoints":
			return subject.tolerationSeconds === undefined
				? "ready endpoints"
				: `ready endpoints (tolerationSeconds ${subject.tolerationSeconds} s doesn't change this)`;
		case "recovery":
			return `${subject.replicas} replicas on ${subject.replicas} nodes, ${subject.stopped} stopped: the time until every other node answers without errors`;
		case "distribution":
			return distributionText(subject);
		case "rollout":
			return rolloutText(subject);
		case "affinity":
			return affinityText(subject);
		case "remembered":
			return `the addresses that session affinity remembers on ${subject.node}`;
		case "familyDns":
			return `${familySettings(subject).join(", ")}: the ${subject.record} records of its name`;
		case "datagram":
			return datagramText(subject);
		case "externalAddress":
			return "the external address of a Service of type LoadBalancer";
		case "balancedNodePort":
			return `its nodePort on ${subject.node}`;
		case "programmedRules":
			return `the rules for ${servicesText(subject.services)} in ${subject.proxyMode} mode`;
		case "modeCost":
			return costText(subject);
	}
}

/** What was expected or measured. */
export function valueText(value: MeasuredValue): string {
	switch (value.kind) {
		case "results":
			return value.results.map(resultText).join(" or ");
		case "noAnswer":
			return "no answer";
		case "ready":
			return value.ready ? "Ready" : "NotReady";
		case "listed":
			return `nodePort ${value.nodePort}, ${value.address} ${value.isListed ? "among" : "not among"} the nodes' addresses`;
		case "addresses":
			return value.addresses.join(", ") || "none";
		case "health":
			return `${value.status}, ${value.endpoints} local endpoints`;
		case "accepted":
			return "accepted";
		case "refused":
			return value.message;
		case "ports":
			return portsText(value);
		case "answering":
			return `${value.answering} of ${value.of} answer`;
		case "count":
			return String(value.count);
		case "limit":
			return `at most ${value.seconds} s (grace period of ${value.gracePeriod} s plus kube-proxy's update)`;
		case "outage":
			return `${value.seconds} s, with ${value.failed} failed requests`;
		case "losses":
			return lossesText(value);
		case "failing":
			return value.failed === 0
				? `all ${value.requests} requests are answered`
				: `${value.failed} of ${value.requests} requests fail, within ${value.seconds} s`;
		case "shares":
			return sharesText(value);
		case "programmed":
			return programmedText(value);
		case "cheaper":
			return costExpectation(value);
		case "costs":
			return costsText(value);
	}
}

type Of<Kind> = Extract<MeasuredValue, { kind: Kind }>;

/** "answered by 10.244.1.2 on nodeport-worker, which sees 172.18.0.3", "timeout" */
const resultText = ({ outcome, podIp, node, clientIp }: Of<"results">["results"][number]): string =>
	outcome === "ok" && podIp ? `answered by ${podIp} on ${node}, which sees ${clientIp}` : outcome;

function lossesText({ until, atMost }: Of<"losses">): string {
	if (until === "never") return "no request fails";
	if (until === "ready") return "requests fail until the replacement is ready";
	return `requests fail at most until kube-proxy has changed its rules, within ${atMost} s`;
}

function portsText({ band: [first, last], inBand, range }: Of<"ports">): string {
	const found =
		inBand.length === 0 ? `no port in the static band ${first}-${last}` : `${inBand.join(", ")} in the static band`;
	return range ? `${found}: ${range.join(" to ")}` : found;
}

const places: Record<string, string> = { sameNode: "stay on the node", otherNode: "cross nodes" };

function sharesText({ shares, requests, latencyRatios }: Of<"shares">): string {
	const parts = shares.map(({ of, node, share }) => {
		const name = node ? `${of} on ${node}` : (places[of] ?? of);
		return `${name} ${(share * 100).toFixed(1)} %`;
	});
	const ratios = latencyRatios?.map(({ percentile, ratio }) => `p${percentile} ${ratio.toFixed(2)}`);
	return [
		`${parts.join(", ")}${requests === undefined ? "" : ` of ${requests} requests`}`,
		...(ratios ? [`the latency ratio to the pod's own node is ${ratios.join(", ")}`] : []),
	].join("; ");
}
