/** Whether the kernel chooses each path as often as predicted. */
import type { Result } from "./trial.ts";

/**
 * The test fails if the frequencies are less probable than this: 6 standard deviations of a normal distribution, on both
 * sides. A run compares a few thousand frequencies, so a correct prediction fails once in some hundred thousand runs.
 */
const limit = 2e-9;

/** One of several paths of a packet: its probability, and whether the kernel took it. */
interface Lot {
	/** The same for packets with the same choice. */
	choice: string;
	probability: number;
	taken: boolean;
}

export function lotsOf(results: readonly Result[], trial: string): Lot[] {
	return results.flatMap(({ probe, affinity, paths, taken }) => {
		const { sourcePort: _, ...packet } = probe.packet;
		const drawn = taken === undefined || paths.length === 1 ? [] : paths;
		return drawn.map(({ probability }, index) => {
			const choice = JSON.stringify([trial, packet, affinity, index]);
			return { choice, probability, taken: index === taken };
		});
	});
}

/** What can't be chance: among packets with the same choice, and among all paths with about the same probability. */
export function wrongShares(lots: readonly Lot[]): string[] {
	const same = grouped(lots, ({ choice }) => choice);
	const alike = grouped(
		lots,
		({ probability }) => `paths of probability ${(Math.floor(probability * 20) / 20).toFixed(2)}`,
	);
	return [...same, ...alike].flatMap(([what, group]) => {
		const taken = group.filter(({ taken }) => taken).length;
		const probabilities = group.map(({ probability }) => probability);
		const expected = probabilities.reduce((sum, probability) => sum + probability, 0);
		if (tail(probabilities, taken) >= limit) return [];
		return [`${what}: taken ${taken} of ${group.length} times, expected ${expected.toFixed(1)}`];
	});
}

function grouped(lots: readonly Lot[], by: (lot: Lot) => string): Map<string, Lot[]> {
	const groups = new Map<string, Lot[]>();
	for (const lot of lots) {
		const group = groups.get(by(lot));
		if (group) group.push(lot);
		else groups.set(by(lot), [lot]);
	}
	return groups;
}

/** The exact probability of so many hits, or of more extreme numbers on the same side, in independent draws. */
export function tail(probabilities: readonly number[], hits: number): number {
	// The probability of each number of hits, after each draw.
	const distribution = [1];
	for (const probability of probabilities) {
		distribution.push(0);
		for (let count = distribution.length - 1; count >= 0; count--) {
			const fewer = distribution[count - 1] ?? 0;
			distribution[count] = (distribution[count] ?? 0) * (1 - probability) + fewer * probability;
		}
	}
	const sum = (shares: readonly number[]) => shares.reduce((total, share) => total + share, 0);
	return Math.min(sum(distribution.slice(0, hits + 1)), sum(distribution.slice(hits)));
}
