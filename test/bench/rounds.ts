/**
 * How two ways to the same end are compared: both in every round, so that what else the machine does meets both alike,
 * and the ratio is taken round by round.
 */
import { median } from "./median.ts";

export interface Spread {
	median: number;
	min: number;
	max: number;
}

export const spreadOf = (values: readonly number[]): Spread => ({
	median: median(values),
	min: Math.min(...values),
	max: Math.max(...values),
});

/** The order of a round, the first being 0: every second one is turned round, so that neither way is always the later. */
export const orderOf = <T>(round: number, ways: readonly T[]): T[] =>
	round % 2 === 0 ? [...ways] : [...ways].reverse();

/** Goes all ways in each round, one after the other. @returns what each gave, by round */
export async function inRounds<Key extends string, Way, T>(
	rounds: number,
	ways: Record<Key, Way>,
	go: (way: Way, round: string) => Promise<T>,
): Promise<Record<Key, T[]>> {
	const keys = Object.keys(ways) as Key[];
	const given = Object.fromEntries(keys.map((key): [Key, T[]] => [key, []])) as Record<Key, T[]>;
	for (let round = 0; round < rounds; round++)
		for (const key of orderOf(round, keys)) given[key].push(await go(ways[key], `round ${round + 1} of ${rounds}`));
	return given;
}

/** Seconds by round. */
export interface Comparison {
	name: string;
	measured: { what: string; seconds: number[] };
	/** What it is held against, in the same rounds. */
	base: { what: string; seconds: number[] };
	/** Of the ratios measured / base, one a round. */
	ratio: Spread;
	/** What the ratio should be at most; absent where it only tells where the time goes. */
	aim?: number;
}

/** @throws where a round has one of the two only, or there is none */
export function compared(comparison: Omit<Comparison, "ratio">): Comparison {
	const { name, measured, base } = comparison;
	if (measured.seconds.length !== base.seconds.length || base.seconds.length === 0)
		throw new Error(`${name}: ${measured.seconds.length} times stand against ${base.seconds.length}`);
	const ratios = measured.seconds.map((seconds, round) => seconds / (base.seconds[round] ?? Number.NaN));
	return { ...comparison, ratio: spreadOf(ratios) };
}

/** How long one size took. */
export interface Size {
	workers: number;
	cells: number;
	/** By round. */
	seconds: number[];
}

export interface Growth extends Size {
	spread: Spread;
	/** Seconds that each node more took than at the size before; absent at the first. */
	secondsPerNode?: number;
	/** How many times as long as the first size, over how many times its nodes: above 1 it grows faster than they do. */
	timesLinear: number;
}

/** How time grows with the nodes, a control plane and the workers; sizes from small to large. */
export function growthOf(sizes: readonly Size[]): Growth[] {
	const nodes = ({ workers }: Size) => 1 + workers;
	return sizes.map((size, i) => {
		const [first = size, before] = [sizes[0], sizes[i - 1]];
		const spread = spreadOf(size.seconds);
		const more = before && (spread.median - median(before.seconds)) / (nodes(size) - nodes(before));
		const timesLinear = spread.median / median(first.seconds) / (nodes(size) / nodes(first));
		return { ...size, spread, ...(more !== undefined && { secondsPerNode: more }), timesLinear };
	});
}
