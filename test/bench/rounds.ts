/**
 * Comparisons of times: each round measures all candidates, so that other load on the machine affects them alike, and
 * has its own ratio.
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

/** The order in a round, counted from 0. Every second round reverses it, so that no candidate is always the last. */
export const orderOf = <T>(round: number, candidates: readonly T[]): T[] =>
	round % 2 === 0 ? [...candidates] : [...candidates].reverse();

/** Measures all candidates in each round, one after the other. @returns the results of each, by round */
export async function inRounds<Key extends string, Candidate, T>(
	rounds: number,
	candidates: Record<Key, Candidate>,
	measure: (candidate: Candidate, round: string) => Promise<T>,
): Promise<Record<Key, T[]>> {
	const keys = Object.keys(candidates) as Key[];
	const results = Object.fromEntries(keys.map((key): [Key, T[]] => [key, []])) as Record<Key, T[]>;
	for (let round = 0; round < rounds; round++)
		for (const key of orderOf(round, keys))
			results[key].push(await measure(candidates[key], `round ${round + 1} of ${rounds}`));
	return results;
}

/** Seconds by round. */
export interface Comparison {
	name: string;
	measured: { what: string; seconds: number[] };
	/** What it is compared with, in the same rounds. */
	base: { what: string; seconds: number[] };
	/** Of the ratios measured / base, one per round. */
	ratio: Spread;
	/** The largest acceptable ratio. Absent if the comparison only shows where the time goes. */
	aim?: number;
}

/** @throws unless every round has both times, and there is a round */
export function compared(comparison: Omit<Comparison, "ratio">): Comparison {
	const { name, measured, base } = comparison;
	if (measured.seconds.length !== base.seconds.length || base.seconds.length === 0)
		throw new Error(`${name}: ${measured.seconds.length} times can't be compared with ${base.seconds.length}`);
	const ratios = measured.seconds.map((seconds, round) => seconds / (base.seconds[round] ?? Number.NaN));
	return { ...comparison, ratio: spreadOf(ratios) };
}

/** The times of one size of cluster. */
export interface Size {
	workers: number;
	requests: number;
	/** By round. */
	seconds: number[];
}

export interface Growth extends Size {
	spread: Spread;
	millisecondsPerRequest: number;
	/** Milliseconds per request, over those of the smallest size: above 1, the time grows faster than the requests. */
	timesLinear: number;
}

/** How the time grows with the requests. @param sizes from small to large */
export function growthOf(sizes: readonly Size[]): Growth[] {
	const perRequest = ({ seconds, requests }: Size) => (1000 * median(seconds)) / requests;
	return sizes.map((size) => ({
		...size,
		spread: spreadOf(size.seconds),
		millisecondsPerRequest: perRequest(size),
		timesLinear: perRequest(size) / perRequest(sizes[0] ?? size),
	}));
}
