/** The steps of a branch with the packet's addresses before and after each, and which of them matter for the packet. */
import type { Hop } from "../../netfilter/model.ts";
import { roleOf } from "../../netfilter/roles.ts";
import type { RecordedLeg } from "../../verification/journey/model.ts";

/** The address that a step rewrites. */
export interface Rewrite {
	field: "source" | "destination";
	/** Both are absent if they aren't known. */
	before?: string | undefined;
	after?: string | undefined;
}

export interface Step {
	/** Counted over all nodes. */
	number: number;
	hop: Hop;
	rewrite?: Rewrite;
}

export interface StepsOnNode {
	leg: RecordedLeg;
	steps: Step[];
}

export function stepsOf(legs: readonly RecordedLeg[], hops: readonly Hop[]): StepsOnNode[] {
	let number = 0;
	return legs.map((leg) => {
		const addresses: Record<Rewrite["field"], string | undefined> = {
			source: leg.source,
			destination: leg.destination,
		};
		const steps = leg.hops.flatMap((index): Step[] => {
			const hop = hops[index];
			if (!hop) return [];
			number++;
			const field = rewritten[hop.effect];
			if (field === undefined) return [{ number, hop }];
			const rewrite = { field, before: addresses[field], after: hop.to };
			addresses[field] = hop.to;
			return [{ number, hop, rewrite }];
		});
		return { leg, steps };
	});
}

const rewritten: Partial<Record<Hop["effect"], Rewrite["field"]>> = {
	dnat: "destination",
	snat: "source",
	masquerade: "source",
};

/**
 * Whether the step rewrites, drops or rejects the packet, chooses its endpoint, marks it for a rewrite, or does something
 * unknown.
 */
export function isDecisive({ hop, rewrite }: Step): boolean {
	if (rewrite) return true;
	const { effect, chain, table, to = "" } = hop;
	if (effect === "jump" || effect === "goto") return roleOf(to, table) === "endpoint";
	if (effect === "mark") return roleOf(chain, table) === "markMasquerade";
	return ["drop", "reject", "unknown", "notrack"].includes(effect);
}
