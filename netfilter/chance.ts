/**
 * How likely a condition of a rule holds: 0 or 1 if the packet decides, in between if the rule chooses at random,
 * "unknown" if the condition isn't supported or depends on facts that are missing.
 */
export type Chance = number | "unknown";

export const certainly = (holds: boolean): Chance => (holds ? 1 : 0);

export const not = (chance: Chance): Chance => (chance === "unknown" ? chance : 1 - chance);

/** All conditions together. One that fails decides; random choices are independent. */
export function all(chances: readonly Chance[]): Chance {
	if (chances.includes(0)) return 0;
	return chances.reduce<Chance>(
		(product, chance) => (product === "unknown" || chance === "unknown" ? "unknown" : product * chance),
		1,
	);
}

/** At least one of the conditions. */
export const any = (chances: readonly Chance[]): Chance => not(all(chances.map(not)));
