import { expect, it } from "vitest";
import { compared, growthOf } from "../../bench/rounds.ts";
import { benchText } from "../../bench/text.ts";

const machine = { cpus: 2, memoryGiB: 24, kernel: "6.18", node: "v20.20.2", loadBefore: 0.04 };

it("shows medians with minimum and maximum, the rounds' ratios, and whether the aim is met", () => {
	const measured = { what: "pulumi destroy", seconds: [6, 7, 12] };
	const base = { what: "kind delete cluster", seconds: [5, 7, 8] };
	const text = benchText({
		machine,
		rounds: 3,
		comparisons: [compared({ name: "destroy", measured, base, aim: 1.1 })],
	});
	expect(text).toContain("2 CPUs, 24 GiB, Linux 6.18, Node.js v20.20.2, load before 0.0. Medians of 3 rounds");
	expect(text.split("\n").at(-1)?.split(/ {2,}/)).toEqual([
		"pulumi destroy",
		"7.0 (6.0 to 12.0)",
		"kind delete cluster",
		"7.0 (5.0 to 8.0)",
		"1.20 (1.00 to 1.50)",
		"1.1 missed",
	]);
});

it("shows no aim if there is none", () => {
	const [measured, base] = [4, 2].map((seconds) => ({ what: `${seconds} s`, seconds: [seconds] }));
	if (!measured || !base) expect.fail("there are two");
	const text = benchText({ machine, rounds: 1, comparisons: [compared({ name: "noop-providers", measured, base })] });
	expect(text).toMatch(/2\.00 \(2\.00 to 2\.00\)$/);
});

it("shows how the verification's time grows with the requests", () => {
	const verification = growthOf([
		{ workers: 1, requests: 24, seconds: [2] },
		{ workers: 3, requests: 48, seconds: [3] },
	]);
	const [first, second] = benchText({ machine, rounds: 1, comparisons: [], verification }).split("\n").slice(-2);
	expect(first?.split(/ {2,}/)).toEqual(["2 nodes", "24", "2.0 (2.0 to 2.0)", "83"]);
	expect(second?.split(/ {2,}/)).toEqual(["4 nodes", "48", "3.0 (3.0 to 3.0)", "63", "0.75", "1.0 met, about 3 s met"]);
});
