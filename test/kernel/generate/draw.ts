/** Random choices from a seed. */
import fc from "fast-check";

export interface Draw {
	/** From first to last, both included. */
	number(first: number, last: number): number;
	/** True with this probability. */
	chance(probability: number): boolean;
	pick<T>(choices: readonly T[]): T;
	/** Some of the choices in their order, each at most once. */
	some<T>(choices: readonly T[], least: number, most: number): T[];
	shuffled<T>(choices: readonly T[]): T[];
}

/** By default, fast-check chooses the ends of a range more often than its middle. */
const evenly = (range: { min: number; max: number }) => fc.noBias(fc.integer(range));

export function drawFrom(seed: number): Draw {
	const [generate] = fc.sample(fc.gen(), { seed, numRuns: 1 });
	if (!generate) throw new Error("fast-check gave no sample");
	const number = (first: number, last: number) => generate(evenly, { min: first, max: last });
	const pick = <T>(choices: readonly T[]): T => choices[number(0, choices.length - 1)] as T;
	const shuffled = <T>(choices: readonly T[]): T[] => {
		const left = [...choices];
		return choices.map(() => left.splice(number(0, left.length - 1), 1)[0] as T);
	};
	return {
		number,
		pick,
		shuffled,
		chance: (probability) => number(1, 1000) <= probability * 1000,
		some: (choices, least, most) => {
			const chosen = new Set(shuffled(choices).slice(0, number(least, Math.min(most, choices.length))));
			return choices.filter((choice) => chosen.has(choice));
		},
	};
}
