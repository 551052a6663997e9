import { describe, expect, it } from "vitest";
import { median } from "../../bench/median.ts";
import { compared, growthOf, inRounds, orderOf, spreadOf } from "../../bench/rounds.ts";

describe("median", () => {
	it.each([
		{ values: [3], is: 3 },
		{ values: [9, 1, 2], is: 2 },
		{ values: [4, 1, 2, 10], is: 3 },
		{ values: [10, 9], is: 9.5 },
		{ values: [], is: Number.NaN },
	])("of $values is $is", ({ values, is }) => {
		expect(median(values)).toBe(is);
	});
});

it("sorts numbers by value, and doesn't change the caller's array", () => {
	const values = [10, 9, 100];
	expect(spreadOf(values)).toEqual({ median: 10, min: 9, max: 100 });
	expect(values).toEqual([10, 9, 100]);
});

it("measures each candidate first in every second round", () => {
	const ways = ["hand", "pulumi"];
	expect([0, 1, 2, 3].map((round) => orderOf(round, ways)[0])).toEqual(["hand", "pulumi", "hand", "pulumi"]);
	expect(ways).toEqual(["hand", "pulumi"]);
});

it("measures all candidates in every round, one at a time, and returns the results in the rounds' order", async () => {
	const went: string[] = [];
	const ways = { measured: "pulumi", base: "hand" };
	const given = await inRounds(3, ways, async (way, round) => {
		went.push(`${round} ${way} begins`);
		await new Promise((next) => setTimeout(next, 1));
		went.push(`${round} ${way} ends`);
		return went.length;
	});
	expect(went.filter((line) => line.endsWith("begins")).map((line) => line.split(" ")[4])).toEqual([
		"pulumi",
		"hand",
		"hand",
		"pulumi",
		"pulumi",
		"hand",
	]);
	expect(went.map((line) => line.split(" ").at(-1))).toEqual(Array(6).fill(["begins", "ends"]).flat());
	expect(given).toEqual({ measured: [2, 8, 10], base: [4, 6, 12] });
});

describe("a comparison", () => {
	const comparison = (measured: number[], base: number[]) =>
		compared({
			name: "up",
			measured: { what: "pulumi up", seconds: measured },
			base: { what: "by hand", seconds: base },
			aim: 1,
		});

	it("has the ratio of each round, not that of the medians", () => {
		// Both medians are 20, but in no round are both times equal.
		expect(comparison([20, 60, 15], [10, 20, 30]).ratio).toEqual({ median: 2, min: 0.5, max: 3 });
	});

	it.each([
		{ measured: [1, 2], base: [1] },
		{ measured: [], base: [] },
	])("fails when $measured is compared with $base", ({ measured, base }) => {
		expect(() => comparison(measured, base)).toThrow("up: ");
	});
});

describe("growth", () => {
	it("is linear while a request takes the same time, for any number of nodes", () => {
		const [first, second] = growthOf([
			{ workers: 1, requests: 4, seconds: [2, 2, 2] },
			{ workers: 3, requests: 8, seconds: [4, 3, 5] },
		]);
		expect(first).toEqual({
			workers: 1,
			requests: 4,
			seconds: [2, 2, 2],
			spread: { median: 2, min: 2, max: 2 },
			millisecondsPerRequest: 500,
			timesLinear: 1,
		});
		expect(second).toMatchObject({
			spread: { median: 4, min: 3, max: 5 },
			timesLinear: 1,
			millisecondsPerRequest: 500,
		});
	});

	it("is above linear when a request takes longer in a larger cluster", () => {
		const sizes = [1, 3, 7].map((workers) => ({ workers, requests: 1 + workers, seconds: [(1 + workers) ** 2] }));
		expect(growthOf(sizes).map(({ timesLinear }) => timesLinear)).toEqual([1, 2, 4]);
	});
});
