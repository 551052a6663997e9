/**
 * How likely a condition of a rule holds: 0 or 1 where the packet decides, between where the rule draws lots, "unknown"
 * where it is not understood or asks for something that nobody told.
 */
export type Chance = number | "unknown";

export const certainly = (holds: boolean): Chance => (holds ? 1 : 0);

export const not = (chance: Chance): Chance => (chance === "unknown" ? chance : 1 - chance);

/** All conditions at once. One that fails decides, whatever the others are; draws of lots are independent. */
export function all(chances: readonly Chance[]): Chance {
	if (chances.includes(0)) return 0;
	return chances.reduce<Chance>(
		(product, chance) => (product === "unknown" || chance === "unknown" ? "unknown" : product * chance),
		1,
	);
}

/** At least one of the conditions. */
export const any = (chances: readonly Chance[]): Chance => not(all(chances.map(not)));
