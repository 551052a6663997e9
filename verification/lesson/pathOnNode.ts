import type { Node } from "../../kubernetes/model.ts";
import type { Hop } from "../../netfilter/model.ts";
import type { LabSnapshot } from "../experiments/support/labSnapshot.ts";
import type { Leg } from "../journey/journey.ts";
import type { JourneyWithHops } from "../journey/model.ts";

/** The most probable path of the client pod's packet through one node's nodePort. */
export interface PathOnNode {
	node: string;
	address: string;
	legs: Leg[];
	/** The hops on this node. */
	hops: Hop[];
	journey: JourneyWithHops;
}

/** @throws if the rules of the node couldn't be read */
export function pathOn(snapshot: LabSnapshot, { name, internalIp }: Node): PathOnNode {
	const { inside } = snapshot;
	const address = snapshot.addressOf({ internalIp });
	const [first, ...others] = snapshot.journey(inside, address);
	if (!first) throw new Error(`the path of a packet to ${address} is unknown; fix: npm run verify`);
	const { legs } = others.reduce((best, branch) => (branch.probability > best.probability ? branch : best), first);
	const hops = legs.flatMap(({ node, path }) => (node === name ? path.hops : []));
	if (hops.length === 0) throw new Error(`no rule of ${name} acts on a packet to ${address}; fix: npm run verify`);
	return { node: name, address, legs, hops, journey: snapshot.recordedJourney(inside, address) };
}
