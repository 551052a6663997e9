import { expect, it } from "vitest";
import { count, same, shares } from "../../../../../verification/experiments/support/measurements.ts";

const thirds = new Map([
	["a", 1 / 3],
	["b", 2 / 3],
]);

it("accepts a share within four standard deviations of its probability", () => {
	const counted = new Map([
		["a", 980],
		["b", 2020],
	]);
	expect(shares("x", thirds, counted)).toEqual({
		what: "x",
		expected: "a 33.3 %, b 66.7 %",
		measured: "a 32.7 %, b 67.3 % of 3000 requests",
		ok: true,
	});
});

it.each([
	["too many", { a: 1200, b: 1800 }],
	["an unexpected result", { a: 1000, b: 1990, c: 10 }],
	["a missing result", { a: 3000 }],
])("finds %s", (_, counted) => {
	expect(shares("x", thirds, new Map(Object.entries(counted))).ok).toBe(false);
});

it("keeps both texts of a comparison", () => {
	expect(same("x", "1", "2")).toEqual({ what: "x", expected: "1", measured: "2", ok: false });
});

it("counts", () => {
	expect(count(["a", "b", "a"], (item) => item)).toEqual(
		new Map([
			["a", 2],
			["b", 1],
		]),
	);
});
