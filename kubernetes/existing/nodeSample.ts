/** Which nodes of a large cluster the lab looks at. Pure. */
import { createHash } from "node:crypto";

/** Up to so many nodes are all looked at; of more, a sample of so many. */
export const mostNodes = 50;

export interface Candidate {
	name: string;
	role: "control-plane" | "worker";
	/** Why nobody can look at it: "is not Ready". */
	hindrance?: string;
}

export interface Sample {
	/** Names, in the order of the candidates. */
	nodes: string[];
	/** How many nodes there are. */
	of: number;
	/** What the choice was drawn with. */
	seed: number;
	/** Those that could not be chosen, and why: "node-7 is not Ready". */
	hindered?: string[] | undefined;
}

/**
 * All that can be looked at, up to `mostNodes`, else so many: those that must be in it, the control plane, and others
 * drawn by the seed. The draw is by a hash of each name, so the same seed gives the same sample wherever it is made, whatever the
 * order of the nodes, and a node that comes or goes moves one place at most.
 * @param needed always in it, and more than `mostNodes` of them make it larger
 * @returns undefined where all nodes are looked at
 */
export function sampleNodes(
	candidates: readonly Candidate[],
	needed: readonly string[],
	seed: number,
): Sample | undefined {
	const hindered = candidates.flatMap(({ name, hindrance }) => (hindrance === undefined ? [] : `${name} ${hindrance}`));
	if (candidates.length <= mostNodes && hindered.length === 0) return undefined;
	const must = new Set(needed);
	const lot = ({ name }: Candidate) => createHash("sha256").update(`${seed}\n${name}`).digest("hex");
	const rank = ({ name, role }: Candidate) => (must.has(name) ? 0 : role === "control-plane" ? 1 : 2);
	const drawn = candidates
		.filter(({ hindrance }) => hindrance === undefined)
		.map((node) => ({ name: node.name, rank: rank(node), lot: lot(node) }))
		.sort((a, b) => a.rank - b.rank || (a.lot < b.lot ? -1 : 1));
	const chosen = new Set(drawn.slice(0, Math.max(mostNodes, must.size)).map(({ name }) => name));
	return {
		nodes: candidates.flatMap(({ name }) => (chosen.has(name) ? name : [])),
		of: candidates.length,
		seed,
		...(hindered.length > 0 && { hindered }),
	};
}

/** So many of those that could not be chosen are named. */
const mostNamed = 5;

/** "50 of 5000 nodes, seed 1", "2 of 3 nodes: node-7 is not Ready" */
export function sampleText({ nodes, of, seed, hindered = [] }: Sample): string {
	const more = hindered.length > mostNamed ? [`${hindered.length - mostNamed} more of the kind`] : [];
	const why = [...hindered.slice(0, mostNamed), ...more].join(", ");
	const drawn = nodes.length + hindered.length < of ? `, seed ${seed}` : "";
	return `${nodes.length} of ${of} nodes${drawn}${why && `: ${why}`}`;
}
