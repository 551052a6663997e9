/** The results of experiments as text. */
import { table } from "../lib/table.ts";
import type { MeasuredSubject, MeasuredValue } from "../verification/experiments/model.ts";
import type { Drawback } from "../verification/report.ts";
import { journeyText } from "./journeyText.ts";

/**
 * Expected and measured results, with the packet's path of the first measurement that has one, and of each that isn't as
 * expected.
 * @param paths shows all paths
 */
export function drawbackText({ title, question, measurements }: Drawback, { paths }: { paths: boolean }): string {
	const first = measurements.find(({ journey }) => journey !== undefined);
	const blocks = measurements.map((measurement) => {
		const { subject, expected, measured, ok, journey } = measurement;
		const isShown = paths || !ok || measurement === first;
		return [
			`${ok ? "as expected" : "NOT AS EXPECTED"}: ${subjectText(subject)}`,
			`  expected: ${valueText(expected)}`,
			`  measured: ${valueText(measured)}`,
			...(journey && isShown ? [journeyText(journey).replaceAll(/^/gm, "    ")] : []),
		].join("\n");
	});
	return [`${title}: ${question}`, ...blocks].join("\n");
}

/** One row for each experiment. */
export const drawbackTable = (drawbacks: readonly Drawback[]): string =>
	table([
		["EXPERIMENT", "AS EXPECTED", "WHAT IT SHOWS", "MEASURED AT"],
		...drawbacks.map(({ name, title, checkedAt, measurements }) => [
			name,
			`${measurements.filter(({ ok }) => ok).length} of ${measurements.length}`,
			title,
			checkedAt,
		]),
	]);

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
			return `the health check node port ${subject.port} of ${subject.node}`;
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
		case "externalAddress":
			return "the external address of a Service of type LoadBalancer";
		case "balancedNodePort":
			return `its nodePort on ${subject.node}`;
	}
}

const conditions = {
	ownNode: ", the pod's own node",
	stopped: ", which was just stopped",
	notReady: ", which is NotReady",
};

function requestText(request: Extract<MeasuredSubject, { kind: "request" }>): string {
	const { client, clientIp, node, address, condition, policy, proxyMode, nodePortAddresses } = request;
	const settings = [
		...(policy ? [`policy ${policy}`] : []),
		...(proxyMode ? [`${proxyMode} mode`] : []),
		...(nodePortAddresses ? [`nodePortAddresses ${nodePortAddresses.join(", ")}`] : []),
	];
	const to = client === node ? `its own address ${address}` : node;
	const from = `${client}${clientIp === undefined ? "" : ` (${clientIp})`}`;
	return `${settings.length > 0 ? `${settings.join(", ")}: ` : ""}${from} to ${to}${condition ? conditions[condition] : ""}`;
}

function distributionText({ entries, replicas, ownNode }: Extract<MeasuredSubject, { kind: "distribution" }>): string {
	if (entries.length > 1) return `an equal part of the requests through each of ${entries.join(", ")}`;
	const through = `through ${entries[0]}`;
	if (replicas > 1) return `${replicas} replicas, one on each of ${replicas} nodes, ${through}`;
	return ownNode ? `${through}, the pod's own node` : through;
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
		case "shares":
			return sharesText(value);
	}
}

type Of<Kind> = Extract<MeasuredValue, { kind: Kind }>;

/** "answered by 10.244.1.2 on nodeport-worker, which sees 172.18.0.3", "timeout" */
const resultText = ({ outcome, podIp, node, clientIp }: Of<"results">["results"][number]): string =>
	outcome === "ok" && podIp ? `answered by ${podIp} on ${node}, which sees ${clientIp}` : outcome;

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
