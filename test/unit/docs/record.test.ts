import { expect, it } from "vitest";
import { checkPrinted, refuseReport } from "../../docs/recordedRun/record.ts";
import { failedReport, fullReport } from "../report/full.ts";

const full = fullReport();
const { explained, ...unexplained } = full;

it.each([
	["failed", failedReport(), "the verification failed, so the run isn't recorded; fix: npm start"],
	[
		"isn't full",
		{ ...full, request: { ...full.request, connectivity: "base" as const } },
		'connectivity is "base"; the README shows "full"; fix: source .toolchain/env',
	],
	["explains no packet", unexplained, "the verification explained no packet"],
])("a run that %s isn't recorded", (_, report, message) => {
	expect(() => refuseReport(report)).toThrow(message);
});

it("a complete run is recorded", () => {
	expect(() => refuseReport(full)).not.toThrow();
});

it("output that differs from what is rendered is refused with the line that differs", () => {
	expect(() => checkPrinted("npm start", "before\none\ntwo\n", "one\ntwo")).not.toThrow();
	expect(() => checkPrinted("npm start", "one\nother\n", "one\ntwo")).toThrow(
		"npm start printed something else than is rendered from its data; not printed: two",
	);
	expect(() => checkPrinted("npm start", "two\none\n", "one\ntwo")).toThrow("printed in another order");
});
