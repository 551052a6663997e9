/** The rows of the reply. Connection tracking reverses on each node what that node's rules changed. */
import type { Node } from "../../../kubernetes/model.ts";
import { withPort } from "../../../netfilter/address.ts";
import type { Hop } from "../../../netfilter/model.ts";
import type { RecordedBranch, RecordedLeg } from "../../../verification/journey/model.ts";
import type { ReportedClient } from "../../../verification/report.ts";
import { clientLane, podLane, rulesLane } from "./lanes.ts";
import type { Change, Row } from "./model.ts";

/** The request's addresses as it enters a node and as it leaves it. */
interface Passage {
	leg: RecordedLeg;
	left: Pick<RecordedLeg, "source" | "destination">;
}

/** undefined: no pod answers, or the reply need not come back through the same nodes. */
export function replyRows(
	branch: RecordedBranch,
	hops: readonly Hop[],
	client: ReportedClient,
	nodes: readonly Node[],
): Row[] | undefined {
	const { legs, end } = branch;
	if (end.kind !== "pod" || legs.length === 0) return undefined;
	const seen = { source: end.clientIp, destination: withPort(end.address, end.port) };
	const passages = legs.map((leg, i): Passage => ({ leg, left: legs[i + 1] ?? seen }));
	const isCertain = passages.every(
		(one, i) => i === legs.length - 1 || (i === 0 && client.place.node === one.leg.node) || isSource(one, hops, nodes),
	);
	if (!isCertain) return undefined;
	const back = passages.toReversed();
	const rows = back.flatMap((one, i) => [
		arrow(
			one.left,
			i === 0 ? podLane(branch, client) : rulesLane(back[i - 1]?.leg.node ?? ""),
			rulesLane(one.leg.node),
			{
				text:
					i === 0
						? `The pod answers the address that it saw, ${end.clientIp}.`
						: `The reply goes on to ${one.leg.node}.`,
			},
		),
		...reversal(one),
	]);
	const [first] = legs;
	if (!first) return undefined;
	const text = `${client.name} gets the reply from ${first.destination}, the address that it called.`;
	return [...rows, arrow(first, rulesLane(first.node), clientLane, { text })];
}

/** Whether the request leaves the node with an address of the node, so that the reply comes back to it. */
function isSource({ leg, left }: Passage, hops: readonly Hop[], nodes: readonly Node[]): boolean {
	const isMasqueraded = leg.hops.some((index) => hops[index]?.effect === "masquerade");
	return isMasqueraded || nodes.some(({ name, internalIp }) => name === leg.node && internalIp === left.source);
}

/** The reply has the request's addresses, exchanged. */
const arrow = (
	{ source, destination }: Passage["left"],
	from: string,
	to: string,
	{ text }: { text: string },
): Row => ({ kind: "arrow", from, to, source: destination, destination: source, text, isReply: true });

function reversal({ leg, left }: Passage): Row[] {
	const all: Change[] = [
		{ field: "source", before: left.destination, after: leg.destination },
		{ field: "destination", before: left.source, after: leg.source },
	];
	const changes = all.filter(({ before, after }) => before !== after);
	if (changes.length === 0) return [];
	const text = `Connection tracking (conntrack) on ${leg.node} remembers the connection, and reverses the node's rewrites in its replies.`;
	return [{ kind: "change", lane: rulesLane(leg.node), by: "conntrack", changes, text, isReply: true }];
}
