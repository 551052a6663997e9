/** The ways that a packet may go, as the rest of the verification reads them. */

import type { Arrival } from "./hooks.ts";
import type { Hop, Packet, Path } from "./model.ts";
import { type Step, stepsOf } from "./state.ts";
import { formatMark, type PathFacts, sentence } from "./words.ts";

/** One path for each way, in the order in which they end; equal ways become one. */
export function toPaths(arrivals: readonly Arrival[], packet: Packet, node: string | undefined): Path[] {
	const paths = new Map<string, Path>();
	for (const arrival of arrivals) {
		const path = toPath(arrival, packet, node);
		const key = JSON.stringify({ ...path, probability: undefined });
		const same = paths.get(key);
		if (same) same.probability += path.probability;
		else paths.set(key, path);
	}
	return [...paths.values()];
}

function toPath({ probability, state, verdict }: Arrival, packet: Packet, node: string | undefined): Path {
	const steps = stepsOf(state);
	const translated = steps.some(({ effect }) => effect === "dnat") || state.conntrack.destinationNat;
	const delivered = verdict === "delivered";
	const clientIp = state.sources.length === 1 ? state.sources[0]?.toString() : undefined;
	const endpoint = { address: state.destination.toString(), port: state.destinationPort };
	const masqueraded = steps.some(({ effect }) => effect === "masquerade");
	const last = steps.at(-1);
	return {
		probability,
		outcome: delivered ? (translated ? "endpoint" : "untouched") : verdict,
		...(delivered && translated && { endpoint }),
		...(delivered && clientIp !== undefined && { clientIp }),
		...(last?.effect === "reject" && { rejectedWith: last.with }),
		masqueraded,
		hops: hopsOf(steps, { packet, node, clientIp, masqueraded }),
	};
}

function hopsOf(steps: readonly Step[], facts: PathFacts): Hop[] {
	return steps.map((step, index) => {
		const { table, chain, rule, effect, object } = step;
		const to = target(step);
		const text = sentence(step, steps[index - 1], facts);
		return { table, chain, rule, effect, ...(to !== undefined && { to }), ...(object && { object }), text };
	});
}

function target(step: Step): string | undefined {
	if (step.effect === "mark") return formatMark(step.mark);
	return "to" in step ? step.to : undefined;
}
