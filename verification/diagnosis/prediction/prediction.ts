/** Predicts who answers each kind of client on each address of the Service, from the rules of the nodes. */
import { z } from "zod";
import { Hop } from "../../../netfilter/model.ts";
import { type Branch, journeyOf, outcomeOf } from "../../journey/journey.ts";
import { End } from "../../journey/model.ts";
import { Outcome } from "../../model.ts";
import type { Ruleset } from "../../ruleset.ts";
import { ownerOf, RuleOwner } from "../findings/rules/ruleOwner.ts";
import type { ServiceView } from "../serviceViews.ts";
import { clientsOf, outsideClient } from "./predictedClients.ts";
import { PredictedClient, PredictedTarget } from "./predictedRequest.ts";
import { targetsFor } from "./predictedTargets.ts";

/** The rule that decides how a branch ends. */
export const DecidingRule = Hop.pick({ table: true, chain: true, rule: true }).extend({
	node: z.string(),
	owner: RuleOwner,
});
export type DecidingRule = z.infer<typeof DecidingRule>;

export const PredictedEnd = z.object({
	probability: z.number(),
	/** What the client notices. */
	outcome: Outcome,
	end: End,
	/** The client address that the pod sees is one of this node's, but it isn't known which. */
	clientIpOf: z.string().optional(),
	rule: DecidingRule.optional(),
});
export type PredictedEnd = z.infer<typeof PredictedEnd>;

export const Prediction = z.object({
	client: PredictedClient,
	target: PredictedTarget,
	/** Most probable first; the probabilities add up to 1. */
	ends: z.array(PredictedEnd),
});
export type Prediction = z.infer<typeof Prediction>;

/** A prediction and the journeys that it is based on. */
export interface PredictedRequest {
	prediction: Prediction;
	view: ServiceView;
	branches: Branch[];
}

/**
 * @param knownPods addresses of pods by node
 * @param outsideIp the address of the client outside @default an example
 */
export function predictRequests(
	view: ServiceView,
	rulesets: ReadonlyMap<string, Ruleset>,
	knownPods: ReadonlyMap<string, string[]>,
	outsideIp?: string,
): PredictedRequest[] {
	const outside = outsideClient(view.family, outsideIp);
	return clientsOf(view, rulesets, knownPods, outside).flatMap(({ place, ...client }) =>
		targetsFor(view, client, rulesets).map(({ target, destination }) => {
			const branches = journeyOf(view.snapshot, rulesets, place, destination);
			return { prediction: { client, target, ends: endsOf(view, branches) }, view, branches };
		}),
	);
}

/** Equal ends are merged. */
export function endsOf({ snapshot }: ServiceView, branches: readonly Branch[]): PredictedEnd[] {
	const ends = new Map<string, PredictedEnd>();
	for (const branch of branches) {
		const rule = decidingRule(branch);
		const clientIpOf = snapshot.foreignNetwork ? masqueradingNode(branch) : undefined;
		const { probability, end } = branch;
		const predicted = {
			outcome: outcomeOf(end),
			end,
			...(clientIpOf !== undefined && { clientIpOf }),
			...(rule && { rule }),
		};
		const key = JSON.stringify(predicted);
		const same = ends.get(key);
		if (same) same.probability += probability;
		else ends.set(key, { probability, ...predicted });
	}
	return [...ends.values()].sort((a, b) => b.probability - a.probability);
}

/** The last rule of a branch that ends without an answer from a pod. */
function decidingRule({ legs, end }: Branch): DecidingRule | undefined {
	if (end.kind !== "drop" && end.kind !== "reject" && end.kind !== "unknown") return undefined;
	const leg = legs.at(-1);
	const hop = leg?.path.hops.at(-1);
	if (!leg || !hop || (end.kind === "unknown" && end.reason !== "rule")) return undefined;
	const { table, chain, rule } = hop;
	return { node: leg.node, table, chain, rule, owner: ownerOf(hop) };
}

/** The last node that rewrites the source address of a packet that reaches a pod. */
function masqueradingNode({ legs, end }: Branch): string | undefined {
	if (end.kind !== "pod") return undefined;
	return legs.findLast(({ path }) => path.masqueraded)?.node;
}
