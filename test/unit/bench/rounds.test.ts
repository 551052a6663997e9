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

it("sorts numbers as numbers, and leaves the caller's list as it is", () => {
	const values = [10, 9, 100];
	expect(spreadOf(values)).toEqual({ median: 10, min: 9, max: 100 });
	expect(values).toEqual([10, 9, 100]);
});

it("has each way first in every second round", () => {
	const ways = ["hand", "pulumi"];
	expect([0, 1, 2, 3].map((round) => orderOf(round, ways)[0])).toEqual(["hand", "pulumi", "hand", "pulumi"]);
	expect(ways).toEqual(["hand", "pulumi"]);
});

it("goes both ways in every round, one at a time, and keeps what each gave in the rounds' order", async () => {
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

	it("takes the ratio in each round, not that of the medians", () => {
		// The medians are 20 and 20; but in its own round nothing was as fast as the other.
		expect(comparison([20, 60, 15], [10, 20, 30]).ratio).toEqual({ median: 2, min: 0.5, max: 3 });
	});

	it.each([
		{ measured: [1, 2], base: [1] },
		{ measured: [], base: [] },
	])("fails where $measured stands against $base", ({ measured, base }) => {
		expect(() => comparison(measured, base)).toThrow("up: ");
	});
});

describe("growth", () => {
	it("of the nodes' number is linear, however many cells there are", () => {
		const [first, second] = growthOf([
			{ workers: 1, cells: 4, seconds: [2, 2, 2] },
			{ workers: 3, cells: 16, seconds: [4, 3, 5] },
		]);
		expect(first).toEqual({
			workers: 1,
			cells: 4,
			seconds: [2, 2, 2],
			spread: { median: 2, min: 2, max: 2 },
			timesLinear: 1,
		});
		expect(second).toMatchObject({ spread: { median: 4, min: 3, max: 5 }, timesLinear: 1, secondsPerNode: 1 });
	});

	it("above the nodes' number shows, by the steps too", () => {
		const sizes = [1, 3, 7].map((workers) => ({ workers, cells: 0, seconds: [(1 + workers) ** 2] }));
		expect(growthOf(sizes).map(({ timesLinear }) => timesLinear)).toEqual([1, 2, 4]);
		expect(growthOf(sizes).map(({ secondsPerNode }) => secondsPerNode)).toEqual([undefined, 6, 12]);
	});
});
