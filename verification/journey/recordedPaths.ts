/** The ways of the cells' packets as plain data for the report: as many as leave it readable. */

import type { ClusterSnapshot } from "../../kubernetes/snapshot.ts";
import { withPort } from "../../netfilter/address.ts";
import type { Hop } from "../../netfilter/model.ts";
import { endText } from "../../report/journeyText.ts";
import type { Cell } from "../model.ts";
import type { CellWays, KeptWays, Way, WayLeg } from "../report.ts";
import { type Journey, type Leg, outcomeOf } from "./journey.ts";

/** Of a packet that many pods may answer, the likeliest ways; the others differ in the pod alone. */
const mostWays = 8;

/**
 * Hops in all the ways that are kept: some 3 MB of a page, and some seconds to draw it. The full matrix of four nodes with
 * one pod has 1,100.
 */
const mostHops = 4000;

/**
 * The cells' ways: first of those that are not as they must be, then in the matrix's order, up to a number of hops.
 * @param journeysOf all ways of a cell's packet; not asked for cells that there is no room for
 */
export function keptWays(
	snapshot: Pick<ClusterSnapshot, "endpoints">,
	cells: readonly Cell[],
	journeysOf: (cell: Cell) => Journey[],
	room = mostHops,
): KeptWays {
	const hops = new HopList();
	const kept: CellWays[] = [];
	let left = room;
	for (const cell of [...cells.filter(({ ok }) => !ok), ...cells.filter(({ ok }) => ok)]) {
		const journeys = journeysOf(cell).toSorted((one, other) => other.probability - one.probability);
		const likeliest = journeys.slice(0, mostWays);
		left -= likeliest.flatMap(({ legs }) => legs.flatMap(({ path }) => path.hops)).length;
		if (left < 0) break;
		kept.push({
			client: cell.client,
			address: cell.target.address,
			ways: likeliest.map((journey) => wayOf(snapshot, journey, hops)),
			omittedWays: journeys.length - likeliest.length,
		});
	}
	return { hops: hops.all, cells: kept, omittedCells: cells.length - kept.length };
}

/** Hops, each once: most cells' packets meet the same rules. */
class HopList {
	readonly all: Hop[] = [];
	private readonly places = new Map<string, number>();

	placeOf(hop: Hop): number {
		const key = JSON.stringify(hop);
		const known = this.places.get(key);
		if (known !== undefined) return known;
		this.places.set(key, this.all.length);
		return this.all.push(hop) - 1;
	}
}

const wayOf = (
	snapshot: Pick<ClusterSnapshot, "endpoints">,
	{ probability, legs, end }: Journey,
	hops: HopList,
): Way => ({
	probability,
	legs: legs.map((leg) => legOf(leg, hops)),
	outcome: outcomeOf(end),
	end: {
		kind: end.kind,
		...("node" in end && { node: end.node }),
		...("address" in end && { address: end.address }),
		...("port" in end && { port: end.port }),
		...("clientIp" in end && { clientIp: end.clientIp }),
		text: endText(end, snapshot),
	},
});

const legOf = ({ node, packet: { source, destination, destinationPort }, path }: Leg, hops: HopList): WayLeg => ({
	node,
	source,
	destination: withPort(destination, destinationPort),
	hops: path.hops.map((hop) => hops.placeOf(hop)),
});
