/** Stores the journeys of the requests' packets in the report, as many as keep it readable. */

import type { ViewName } from "../../kubernetes/snapshot.ts";
import { withPort } from "../../netfilter/address.ts";
import type { Hop } from "../../netfilter/model.ts";
import type { Cell, Target } from "../model.ts";
import { type Branch, type Leg, outcomeOf } from "./journey.ts";
import type { JourneyWithHops, RecordedJourney, RecordedJourneys, RecordedLeg } from "./model.ts";

/** If many pods may answer, the branches differ only in the pod. */
const mostBranches = 8;

/**
 * The number of hops in all recorded journeys: about 4 MB of HTML, which takes some seconds to draw. The full matrix of
 * four nodes and one pod has 1,100 in each of at most four views.
 */
const mostHops = 5000;

/**
 * Records the requests that failed, then the others, up to the number of hops.
 * @param journeyOf isn't called for requests beyond that number
 */
export function recordJourneys(
	requests: readonly Cell[],
	journeyOf: (request: Cell) => Branch[],
	room = mostHops,
): RecordedJourneys {
	const hops = new HopList();
	const recorded: RecordedJourney[] = [];
	let left = room;
	for (const request of [...requests.filter(({ ok }) => !ok), ...requests.filter(({ ok }) => ok)]) {
		const journey = mostProbable(journeyOf(request), mostBranches);
		left -= journey.branches.flatMap(({ legs }) => legs.flatMap(({ path }) => path.hops)).length;
		if (left < 0) break;
		recorded.push(record(request.client, request.target, journey, hops));
	}
	return { hops: hops.all, requests: recorded, omittedRequests: requests.length - recorded.length };
}

/** Records one journey with its hops. @param view that the packet belongs to */
export function recordJourney(
	client: string,
	address: string,
	branches: readonly Branch[],
	most = mostBranches,
	view?: ViewName,
): JourneyWithHops {
	const hops = new HopList();
	return { ...record(client, { address, ...view }, mostProbable(branches, most), hops), hops: hops.all };
}

interface Shortened {
	branches: Branch[];
	omittedBranches: number;
}

function mostProbable(all: readonly Branch[], most: number): Shortened {
	const branches = all.toSorted((one, other) => other.probability - one.probability).slice(0, most);
	return { branches, omittedBranches: all.length - branches.length };
}

/** Each hop once: most packets meet the same rules. */
class HopList {
	readonly all: Hop[] = [];
	private readonly indexes = new Map<string, number>();

	indexOf(hop: Hop): number {
		const key = JSON.stringify(hop);
		const known = this.indexes.get(key);
		if (known !== undefined) return known;
		this.indexes.set(key, this.all.length);
		return this.all.push(hop) - 1;
	}
}

const record = (
	client: string,
	{ address, family, protocol }: Pick<Target, "address" | "family" | "protocol">,
	{ branches, omittedBranches }: Shortened,
	hops: HopList,
): RecordedJourney => ({
	client,
	address,
	...(family && { family }),
	...(protocol && { protocol }),
	branches: branches.map(({ probability, legs, end }) => ({
		probability,
		legs: legs.map((leg) => recordLeg(leg, hops)),
		outcome: outcomeOf(end),
		end,
	})),
	omittedBranches,
});

const recordLeg = ({ node, packet, path }: Leg, hops: HopList): RecordedLeg => ({
	node,
	source: packet.source,
	destination: withPort(packet.destination, packet.destinationPort),
	hops: path.hops.map((hop) => hops.indexOf(hop)),
	...(path.unread && { unread: path.unread }),
});
