import { expect, it } from "vitest";
import { drawbackTable, drawbackText } from "../../../report/drawbacks.ts";

const finding = (what: string, ok: boolean) => ({ what, expected: "e", measured: "m", ok, path: `path of ${what}` });
const drawback = {
	name: "client-ip-lost",
	title: "Lost",
	question: "Who asks?",
	checkedAt: "2026-01-01T00:00:00.000Z",
	findings: [finding("a", true), finding("b", true), finding("c", false)],
};

it("shows what was expected and measured, and a path where it explains or differs", () => {
	expect(drawbackText(drawback, { paths: false }).split("\n")).toEqual([
		"Lost: Who asks?",
		"as expected: a",
		"  expected: e",
		"  measured: m",
		"    path of a",
		"as expected: b",
		"  expected: e",
		"  measured: m",
		"NOT AS EXPECTED: c",
		"  expected: e",
		"  measured: m",
		"    path of c",
	]);
});

it("shows every path where that is wanted", () => {
	expect(drawbackText(drawback, { paths: true })).toContain("path of b");
});

it("gives an experiment a row, with how much was as expected", () => {
	expect(
		drawbackTable([drawback])
			.split("\n")
			.map((line) => line.split(/ {2,}/)),
	).toEqual([
		["EXPERIMENT", "AS EXPECTED", "WHAT IT SHOWS", "MEASURED AT"],
		["client-ip-lost", "2 of 3", "Lost", "2026-01-01T00:00:00.000Z"],
	]);
});
