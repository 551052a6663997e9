/** Which nodes of a large cluster the lab checks. Pure. */
import { createHash } from "node:crypto";

/** A cluster with more nodes is checked on a sample of so many. */
export const mostNodes = 50;

export interface Candidate {
	name: string;
	role: "control-plane" | "worker";
	/** Why it can't be checked: "is not Ready". */
	hindrance?: string;
}

export interface Sample {
	/** Names, in the order of the candidates. */
	nodes: string[];
	/** How many nodes the cluster has. */
	of: number;
	/** The seed of the random choice. */
	seed: number;
	/** The nodes that can't be checked, and why: "node-7 is not Ready". */
	hindered?: string[] | undefined;
}

/**
 * The needed nodes, the control plane, and others up to `mostNodes`. The others are chosen by a hash of seed and name: the
 * same seed gives the same sample for any order of the nodes, and one node more or less changes at most one place.
 * @param needed always in the sample, which may become larger than `mostNodes`
 * @returns undefined if all nodes are checked
 */
export function sampleNodes(
	candidates: readonly Candidate[],
	needed: readonly string[],
	seed: number,
): Sample | undefined {
	const hindered = candidates.flatMap(({ name, hindrance }) => (hindrance === undefined ? [] : `${name} ${hindrance}`));
	if (candidates.length <= mostNodes && hindered.length === 0) return undefined;
	const must = new Set(needed);
	const hash = ({ name }: Candidate) => createHash("sha256").update(`${seed}\n${name}`).digest("hex");
	const rank = ({ name, role }: Candidate) => (must.has(name) ? 0 : role === "control-plane" ? 1 : 2);
	const ranked = candidates
		.filter(({ hindrance }) => hindrance === undefined)
		.map((node) => ({ name: node.name, rank: rank(node), hash: hash(node) }))
		.sort((a, b) => a.rank - b.rank || (a.hash < b.hash ? -1 : 1));
	const chosen = new Set(ranked.slice(0, Math.max(mostNodes, must.size)).map(({ name }) => name));
	return {
		nodes: candidates.flatMap(({ name }) => (chosen.has(name) ? name : [])),
		of: candidates.length,
		seed,
		...(hindered.length > 0 && { hindered }),
	};
}

/** How many of the nodes that can't be checked are named. */
const mostNamed = 5;

/** "50 of 5000 nodes, seed 1", "2 of 3 nodes: node-7 is not Ready" */
export function sampleText({ nodes, of, seed, hindered = [] }: Sample): string {
	const more = hindered.length > mostNamed ? [`${hindered.length - mostNamed} more`] : [];
	const why = [...hindered.slice(0, mostNamed), ...more].join(", ");
	const drawn = nodes.length + hindered.length < of ? `, seed ${seed}` : "";
	return `${nodes.length} of ${of} nodes${drawn}${why && `: ${why}`}`;
}
