/** Which nodes of a large cluster the lab looks at. Pure. */
import { createHash } from "node:crypto";

/** Up to so many nodes are all looked at; of more, a sample of so many. */
export const mostNodes = 50;

export interface Candidate {
	name: string;
	role: "control-plane" | "worker";
}

export interface Sample {
	/** Names, in the order of the candidates. */
	nodes: string[];
	/** How many nodes there are. */
	of: number;
	/** What the choice was drawn with. */
	seed: number;
}

/**
 * All of them up to `mostNodes`, else so many: those that must be in it, the control plane, and others drawn by the
 * seed. The draw is by a hash of each name, so the same seed gives the same sample wherever it is made, whatever the
 * order of the nodes, and a node that comes or goes moves one place at most.
 * @param needed always in it, and more than `mostNodes` of them make it larger
 * @returns undefined where all nodes are looked at
 */
export function sampleNodes(
	candidates: readonly Candidate[],
	needed: readonly string[],
	seed: number,
): Sample | undefined {
	if (candidates.length <= mostNodes) return undefined;
	const must = new Set(needed);
	const lot = ({ name }: Candidate) => createHash("sha256").update(`${seed}\n${name}`).digest("hex");
	const rank = ({ name, role }: Candidate) => (must.has(name) ? 0 : role === "control-plane" ? 1 : 2);
	const drawn = candidates
		.map((node) => ({ name: node.name, rank: rank(node), lot: lot(node) }))
		.sort((a, b) => a.rank - b.rank || (a.lot < b.lot ? -1 : 1));
	const chosen = new Set(drawn.slice(0, Math.max(mostNodes, must.size)).map(({ name }) => name));
	return { nodes: candidates.flatMap(({ name }) => (chosen.has(name) ? name : [])), of: candidates.length, seed };
}

/** "50 of 5000 nodes, seed 1" */
export const sampleText = ({ nodes, of, seed }: Pick<Sample, "of" | "seed"> & { nodes: readonly unknown[] }): string =>
	`${nodes.length} of ${of} nodes, seed ${seed}`;
