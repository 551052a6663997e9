import { expect, it } from "vitest";
import { isSimilar } from "../../../../../verification/diagnosis/findings/nearLabels.ts";

it.each([
	["a transposition in a short word", "wbe", "web", true],
	["a transposition at the start", "fornt", "front", true],
	["a missing letter", "ap1", "app1", true],
	["a word that contains the other", "web", "web-server", true],
	["all letters in another order", "stage", "gates", false],
	["another word", "web", "api", false],
])("recognizes %s: %s and %s", (_, a, b, similar) => {
	expect(isSimilar(a, b)).toBe(similar);
	expect(isSimilar(b, a)).toBe(similar);
});
