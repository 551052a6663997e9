import { describe, expect, it } from "vitest";
import { drawFrom } from "./generate/draw.ts";
import { tail, wrongShares } from "./shares.ts";

/** Packets that could take two paths, and how often they took the first one. */
const choices = (packets: number, probability: number, taken: number) =>
	Array.from({ length: packets }, (_, index) => [
		{ choice: "first", probability, taken: index < taken },
		{ choice: "second", probability: 1 - probability, taken: index >= taken },
	]).flat();

describe("how often packets take each path", () => {
	it.each([
		{ packets: 40, probability: 0.5, taken: 20 },
		{ packets: 40, probability: 0.5, taken: 32 },
		{ packets: 1000, probability: 0.25, taken: 210 },
		{ packets: 3, probability: 0.01, taken: 1 },
	])("can be chance: $taken of $packets packets, probability $probability", ({ packets, probability, taken }) => {
		expect(wrongShares(choices(packets, probability, taken))).toEqual([]);
	});

	it.each([
		{ packets: 40, probability: 0.5, taken: 40 },
		{ packets: 1000, probability: 0.25, taken: 350 },
		{ packets: 10, probability: 0.01, taken: 7 },
	])("can't be chance: $taken of $packets packets, probability $probability", ({ packets, probability, taken }) => {
		expect(wrongShares(choices(packets, probability, taken))).toContain(
			`first: taken ${taken} of ${packets} times, expected ${(packets * probability).toFixed(1)}`,
		);
	});

	it("shows a small error that affects every packet, although no packet is sent twice", () => {
		const draw = drawFrom(1);
		const lots = Array.from({ length: 4000 }, (_, index) => {
			return { choice: `packet ${index}`, probability: 0.5, taken: draw.chance(0.6) };
		});
		expect(wrongShares(lots)).toHaveLength(1);
	});

	it("has the probability of the binomial distribution", () => {
		expect(tail([0.5, 0.5, 0.5, 0.5], 4)).toBeCloseTo(1 / 16);
		expect(tail([0.5, 0.5, 0.5, 0.5], 1)).toBeCloseTo(5 / 16);
		expect(tail([0.1, 0.2], 2)).toBeCloseTo(0.02);
	});
});
