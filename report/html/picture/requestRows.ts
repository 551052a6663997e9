/** The rows of a packet's path to its end: where it goes with which addresses, and what changes them. */
import { withPort } from "../../../netfilter/address.ts";
import type { Hop } from "../../../netfilter/model.ts";
import type { End, RecordedBranch, RecordedLeg } from "../../../verification/journey/model.ts";
import type { ReportedClient } from "../../../verification/report.ts";
import { endText } from "../../journeyText.ts";
import { type StepsOnNode, stepsOf } from "../../path/packetSteps.ts";
import { effectNames } from "../journeyInWords.ts";
import { clientLane, podLane, rulesLane } from "./lanes.ts";
import type { Row } from "./model.ts";

export function requestRows(branch: RecordedBranch, hops: readonly Hop[], client: ReportedClient): Row[] {
	const { legs, end } = branch;
	const nodes = stepsOf(legs, hops);
	return [
		...nodes.flatMap(({ leg, steps }, i) => [arrival(leg, legs[i - 1], client), ...changes({ leg, steps })]),
		...ending(branch, client, end),
	];
}

/** From the client, or from the node before. */
function arrival(leg: RecordedLeg, before: RecordedLeg | undefined, { name, place }: ReportedClient): Row {
	const { node, source, destination } = leg;
	const sent = place.node === node ? `its own node, ${node}, handles it first` : `it arrives at ${node}`;
	const text = before
		? `${before.node} sends the packet on to ${node}.`
		: `${name} sends a packet to ${destination}; ${sent}.`;
	const from = before ? rulesLane(before.node) : clientLane;
	return { kind: "arrow", from, to: rulesLane(node), source, destination, text, isReply: false };
}

/** Without rewrites that leave an address as it is. */
const changes = ({ leg, steps }: StepsOnNode): Row[] =>
	steps.flatMap(({ number, hop, rewrite }): Row[] => {
		if (!rewrite || rewrite.before === rewrite.after) return [];
		const by = effectNames[hop.effect] ?? hop.effect;
		const { chain, rule, text } = hop;
		const lane = rulesLane(leg.node);
		return [{ kind: "change", lane, by, changes: [rewrite], chain, rule, number, text, isReply: false }];
	});

function ending(branch: RecordedBranch, client: ReportedClient, end: End): Row[] {
	const last = branch.legs.at(-1);
	const text = endText(end);
	if (end.kind !== "pod") {
		const lane = last ? rulesLane(last.node) : clientLane;
		return [{ kind: "end", lane, title: endTitles[end.kind], isAnswered: false, text, isReply: false }];
	}
	const lane = podLane(branch, client);
	const arrow: Row = {
		kind: "arrow",
		from: last ? rulesLane(last.node) : clientLane,
		to: lane,
		source: end.clientIp,
		destination: withPort(end.address, end.port),
		text: `${end.node} delivers the packet to the pod.`,
		isReply: false,
	};
	return [
		arrow,
		{ kind: "end", lane, title: `sees the client IP ${end.clientIp}`, isAnswered: true, text, isReply: false },
	];
}

const endTitles: Record<Exclude<End["kind"], "pod">, string> = {
	node: "delivered to the node itself",
	reject: "rejected: refused",
	drop: "dropped: no answer",
	loopback: "stays with the client",
	unreachable: "unknown address",
	unknown: "unknown",
};
