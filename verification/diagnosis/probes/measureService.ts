/** Sends requests to a Service from one client, and compares their results with the predictions. */
import pLimit from "p-limit";
import type { Place } from "../../../kubernetes/snapshot.ts";
import type { Gap } from "../../../kubernetes/source/gap.ts";
import { withPort } from "../../../netfilter/address.ts";
import { journeyOf, outcomeOf } from "../../journey/journey.ts";
import type { End } from "../../journey/model.ts";
import type { WeighedFinding } from "../diagnosisFinding.ts";
import { mergeFindings } from "../findings/mergeFindings.ts";
import type { PredictedTarget } from "../prediction/predictedRequest.ts";
import type { PredictedEnd } from "../prediction/prediction.ts";
import { type RulesReading, rulesetsFor } from "../rulesFromSource.ts";
import type { ServiceView } from "../serviceViews.ts";
import type { Measurement, ProbeRequest, ProbeResult, Prober } from "./measurement.ts";

export interface Measured {
	measurements: Measurement[];
	findings: WeighedFinding[];
	gaps: Gap[];
}

export const probesAtOnce = 16;

export async function measure(
	prober: Prober,
	views: readonly ServiceView[],
	rules: Pick<RulesReading, "rulesets">,
): Promise<Measured> {
	const all = await Promise.all(views.map((view) => measureView(prober, view, rules)));
	const gaps = new Map(all.flatMap(({ gaps }) => gaps.map((gap) => [JSON.stringify(gap), gap] as const)));
	return {
		measurements: all.flatMap(({ measurements }) => measurements),
		findings: mergeFindings(all.flatMap(({ findings }) => findings)),
		gaps: [...gaps.values()],
	};
}

async function measureView(
	prober: Prober,
	view: ServiceView,
	rules: Pick<RulesReading, "rulesets">,
): Promise<Measured> {
	const { protocol, family, snapshot } = view;
	const { name: client } = prober;
	const nothing = (cause: Gap["cause"], more: Partial<Gap> = {}): Measured => ({
		measurements: [],
		findings: [],
		gaps: [{ subject: "requests", ...more, cause }],
	});
	if (protocol === "sctp") return nothing({ kind: "protocol", protocol });
	const place = prober.placeIn(family);
	if (!place) return nothing({ kind: "noRoute", client }, { family });
	const send = await prober.sender(protocol);
	if (!send) return nothing({ kind: "noClientProgram", client, programs: prober.needs(protocol) });
	const results = await pLimit(probesAtOnce).map(targetsOf(view, place), async ({ target, ...to }) => {
		const { observed, detail } = await retried(send, { ...to, protocol, payload: payloadFor(view) });
		const branches = journeyOf(snapshot, rulesetsFor(rules, view), place, {
			address: to.host,
			port: to.port,
			protocol,
		});
		const ends = branches.map(({ end }) => ({ end, outcome: outcomeOf(end) }));
		return compared({ client, target, ends, observed, ...(detail !== undefined && { detail }) });
	});
	const measurements = results.flatMap((one) => one.measurements);
	const isCutOff = family === "ipv6" && measurements.length > 0 && measurements.every(lacksRoute);
	if (isCutOff) return nothing({ kind: "noRoute", client }, { family });
	return { measurements, findings: results.flatMap(({ findings }) => findings), gaps: [] };
}

interface Result extends ProbeResult {
	client: string;
	target: PredictedTarget;
	/** As the rules predict. */
	ends: readonly Pick<PredictedEnd, "end" | "outcome">[];
}

/** The measurement of a request, and how it differs from the prediction. */
export function compared({ client, target, ends, observed, detail }: Result): Omit<Measured, "gaps"> {
	const isKnown = ends.every(({ end }) => end.kind !== "unknown");
	const predicted = isKnown ? [...new Set(ends.map(({ outcome }) => outcome))] : [];
	const measurement = { client, target, observed, predicted, ...(detail !== undefined && { detail }) };
	const difference = differenceOf(
		measurement,
		ends.map(({ end }) => end),
	);
	return { measurements: [measurement], findings: difference ? [difference] : [] };
}

/** Many machines have no IPv6: the system refuses before it sends a packet. */
const lacksRoute = ({ observed, detail = "", predicted }: Measurement): boolean =>
	observed === "other" && !predicted.includes("other") && /ENETUNREACH|EADDRNOTAVAIL|unreachable/i.test(detail);

/** A lost packet isn't a result. */
async function retried(send: (request: ProbeRequest) => Promise<ProbeResult>, request: ProbeRequest) {
	const first = await send(request);
	return first.observed === "ok" ? first : send(request);
}

function differenceOf(measurement: Measurement, predicted: readonly End[]): WeighedFinding | undefined {
	const { client, target, observed, detail } = measurement;
	if (observed === "silent" || measurement.predicted.length === 0) return undefined;
	if (measurement.predicted.includes(observed)) return undefined;
	// The rules deliver the packet to the node: whether a process listens there isn't known.
	if (observed === "ok" && target.kind !== "healthCheck" && predicted.some(({ kind }) => kind === "node"))
		return undefined;
	const ends = [...new Map(predicted.map((end) => [JSON.stringify(end), end])).values()];
	return {
		weight: "cause",
		finding: {
			kind: "probe",
			client,
			target,
			predicted: ends,
			observed,
			...(detail !== undefined && { detail }),
			requests: 1,
		},
	};
}

interface Aim {
	target: PredictedTarget;
	host: string;
	port: number;
}

function targetsOf({ snapshot, port, protocol }: ServiceView, place: Place): Aim[] {
	const { nodes, service } = snapshot;
	const nodePorts = service.nodePort === 0 ? [] : nodes.map(({ name, internalIp }) => ({ name, host: internalIp }));
	const through = nodePorts.map(({ name, host }) => ({
		target: { kind: "nodePort" as const, protocol, address: withPort(host, service.nodePort), node: name },
		host,
		port: service.nodePort,
	}));
	if (place.network === "outside" || service.clusterIp === "") return through;
	const target = { kind: "clusterIp" as const, protocol, address: withPort(service.clusterIp, port.port) };
	return [...through, { target, host: service.clusterIp, port: port.port }];
}

/** A DNS server answers a question; to other servers, an empty line does the least harm. */
function payloadFor({ port: { port, name = "" } }: ServiceView): string {
	return port === 53 || name.startsWith("dns") ? dnsQuestion : "\n";
}

/** For the name servers of the root (RFC 1035, section 4): recursion desired, one question. */
const dnsQuestion = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01";
