import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { all, any, type Chance, not } from "../../../netfilter/chance.ts";

describe("chances", () => {
	it.each<[string, Chance[], Chance, Chance]>([
		["none at all", [], 1, 0],
		["certain ones", [1, 0, 1], 0, 1],
		["independent choices at random", [0.5, 0.5], 0.25, 0.75],
		["unknown ones", ["unknown", 1], "unknown", 1],
		["an unknown one and an impossible one", ["unknown", 0], 0, "unknown"],
	])("of %s", (_, chances, together, either) => {
		expect(all(chances)).toBe(together);
		expect(any(chances)).toBe(either);
	});

	it("inverted twice are unchanged", () => {
		fc.assert(
			fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (chance) => {
				expect(not(not(chance))).toBeCloseTo(chance);
			}),
		);
	});
});
