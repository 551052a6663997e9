/** Makes the result of a walk: paths with their hops in words. */

import type { Hop, Packet, Path } from "./model.ts";
import { ownerOf } from "./owners.ts";
import { type HopRecord, hopRecordsOf } from "./packet/state.ts";
import type { FinishedBranch } from "./traversal/walker.ts";
import { formatMark, type PathFacts, sentence } from "./words.ts";

/** One path per branch; equal ones are merged. */
export function toPaths(finished: readonly FinishedBranch[], packet: Packet, node: string | undefined): Path[] {
	const paths = new Map<string, Path>();
	for (const branch of finished) {
		const path = toPath(branch, packet, node);
		const key = JSON.stringify({ ...path, probability: undefined });
		const same = paths.get(key);
		if (same) same.probability += path.probability;
		else paths.set(key, path);
	}
	return [...paths.values()];
}

function toPath(
	{ probability, state, verdict, unevaluated }: FinishedBranch,
	packet: Packet,
	node: string | undefined,
): Path {
	const hops = hopRecordsOf(state);
	const translated = hops.some(({ effect }) => effect === "dnat") || state.conntrack.destinationNat;
	const delivered = verdict === "delivered";
	const clientIp = state.sources.length === 1 ? state.sources[0]?.toString() : undefined;
	const endpoint = { address: state.destination.toString(), port: state.destinationPort };
	const masqueraded = hops.some(({ effect }) => effect === "masquerade");
	const last = hops.at(-1);
	const open = [...new Set([...(unevaluated ?? []), ...(state.hasUnknownMarks ? [unknownMark] : [])])];
	return {
		probability,
		outcome: delivered ? (translated ? "endpoint" : "untouched") : verdict,
		...(delivered && translated && { endpoint }),
		...(delivered && clientIp !== undefined && { clientIp }),
		...(last?.effect === "reject" && { rejectedWith: last.with }),
		masqueraded,
		...(open.length > 0 && { unevaluated: open }),
		hops: hopsOf(hops, { packet, node, clientIp, masqueraded }),
	};
}

const unknownMark = "the packet's mark, which a rule computes from what isn't known";

function hopsOf(hops: readonly HopRecord[], facts: PathFacts): Hop[] {
	return hops.map((hop, index) => {
		const { table, chain, rule, effect, object, setting } = hop;
		const to = target(hop);
		const text = sentence(hop, hops[index - 1], facts);
		const owner = ownerOf(hop);
		const known = {
			...(to !== undefined && { to }),
			...(object && { object }),
			...(owner !== undefined && { owner }),
			...(setting && { setting }),
		};
		return { table, chain, rule, effect, ...known, text };
	});
}

function target(hop: HopRecord): string | undefined {
	if (hop.effect === "mark") return formatMark(hop.mark);
	return "to" in hop ? hop.to : undefined;
}
