import { expect, it } from "vitest";
import type { Lab } from "../../../../../verification/experiments/support/experiment.ts";
import {
	count,
	pollFor,
	quantile,
	same,
	shares,
} from "../../../../../verification/experiments/support/measurements.ts";

const subject = { kind: "distribution" as const, entries: ["n"], replicas: 1, ownNode: false };
const thirds = new Map([
	["a", 1 / 3],
	["b", 2 / 3],
]);

it("accepts a share within four standard deviations of its probability", () => {
	const counted = new Map([
		["a", 980],
		["b", 2020],
	]);
	expect(shares(subject, thirds, counted)).toEqual({
		subject,
		expected: {
			kind: "shares",
			shares: [
				{ of: "a", share: 1 / 3 },
				{ of: "b", share: 2 / 3 },
			],
		},
		measured: {
			kind: "shares",
			shares: [
				{ of: "a", share: 980 / 3000 },
				{ of: "b", share: 2020 / 3000 },
			],
			requests: 3000,
		},
		ok: true,
	});
});

it.each([
	["too many", { a: 1200, b: 1800 }],
	["an unexpected result", { a: 1000, b: 1990, c: 10 }],
	["a missing result", { a: 3000 }],
])("finds %s", (_, counted) => {
	expect(shares(subject, thirds, new Map(Object.entries(counted))).ok).toBe(false);
});

it("keeps both values of a comparison", () => {
	const [expected, measured] = [1, 2].map((count) => ({ kind: "count" as const, count }));
	if (!expected || !measured) expect.fail();
	expect(same(subject, expected, measured)).toEqual({ subject, expected, measured, ok: false });
	expect(same(subject, expected, { ...expected }).ok).toBe(true);
});

it("counts", () => {
	expect(count(["a", "b", "a"], (item) => item)).toEqual(
		new Map([
			["a", 2],
			["b", 1],
		]),
	);
});

it("reads a value until it is the expected one, and returns another one when the time is over", async () => {
	const lab = { signal: new AbortController().signal } as Lab;
	const values = [["a"], ["a", "b"]];
	expect(await pollFor(lab, ["a", "b"], 10, async () => values.shift() ?? [])).toEqual(["a", "b"]);
	expect(await pollFor(lab, "Ready", 0, async () => "NotReady")).toBe("NotReady");
});

it("orders values by their size to find a percentile", () => {
	const values = [9, 100, 1, 5];
	expect([0, 50, 99].map((percentile) => quantile(values, percentile))).toEqual([1, 9, 100]);
	expect(quantile([], 50)).toBeNaN();
});
