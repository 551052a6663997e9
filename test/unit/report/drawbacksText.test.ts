import { expect, it } from "vitest";
import { drawbackTable, drawbackText } from "../../../report/drawbacksText.ts";

const end = (address: string) => ({ kind: "unreachable" as const, address });
const journey = (what: string) => ({
	client: "dnsutils",
	address: what,
	branches: [{ probability: 1, legs: [], outcome: "other" as const, end: end(what) }],
	omittedBranches: 0,
	hops: [],
});
const measurement = (what: string, ok: boolean) => ({ what, expected: "e", measured: "m", ok, journey: journey(what) });
const pathOf = (what: string) => `No answer from the cluster: ${what} isn't the address of a node or a pod.`;
const drawback = {
	name: "client-ip-lost",
	title: "Lost",
	question: "Which client?",
	checkedAt: "2026-01-01T00:00:00.000Z",
	measurements: [measurement("a", true), measurement("b", true), measurement("c", false)],
};

it("shows expected and measured results, the first path, and the path of each difference", () => {
	expect(drawbackText(drawback, { paths: false }).split("\n")).toEqual([
		"Lost: Which client?",
		"as expected: a",
		"  expected: e",
		"  measured: m",
		`       ${pathOf("a")}`,
		"as expected: b",
		"  expected: e",
		"  measured: m",
		"NOT AS EXPECTED: c",
		"  expected: e",
		"  measured: m",
		`       ${pathOf("c")}`,
	]);
});

it("shows every path on request", () => {
	expect(drawbackText(drawback, { paths: true })).toContain(pathOf("b"));
});

it("has a row for each experiment with the number of expected results", () => {
	expect(
		drawbackTable([drawback])
			.split("\n")
			.map((line) => line.split(/ {2,}/)),
	).toEqual([
		["EXPERIMENT", "AS EXPECTED", "WHAT IT SHOWS", "MEASURED AT"],
		["client-ip-lost", "2 of 3", "Lost", "2026-01-01T00:00:00.000Z"],
	]);
});
