import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { validateXML } from "xmllint-wasm";
import { junitReport } from "../../../report/junit.ts";
import { failedReport, fullReport } from "./full.ts";
import { sampleReport } from "./sample.ts";

const schema = readFileSync(new URL("../../fixtures/report/junit.xsd", import.meta.url), "utf8");

async function faults(contents: string): Promise<string[]> {
	const xml = [{ fileName: "junit.xml", contents }];
	return (await validateXML({ xml, schema: [{ fileName: "junit.xsd", contents: schema }] })).errors.map(
		({ message }) => message,
	);
}

it.each([
	["of a lab that is as it must be", fullReport()],
	["of a failure in hostile words", failedReport()],
	["of connectivity base", sampleReport()],
	["of nothing that was asked", { ...sampleReport(), connectivity: [], failures: [] }],
])("is valid %s", async (_, report) => {
	expect(await faults(junitReport(report))).toEqual([]);
});

it("would be told invalid", async () => {
	expect(await faults(junitReport(fullReport()).replace("<testcase ", "<test "))).not.toEqual([]);
});

describe("of the lab that failed", () => {
	const xml = junitReport(failedReport());

	it("counts each cell, trace and finding, and each failure once", () => {
		const { connectivity, traces = [], drawbacks = [] } = fullReport();
		const findings = drawbacks.flatMap(({ findings }) => findings);
		const cases = connectivity.length + traces.length + findings.length + 1;
		expect(xml.match(/<testcase /g)?.length).toBe(cases);
		expect(xml).toContain(`<testsuites name="nodeport-lab" tests="${cases}" failures="2" errors="0"`);
		expect(xml.match(/<failure /g)?.length).toBe(2);
	});

	it("says of a cell what the report says of it, and puts what is no cell's in a suite of its own", () => {
		expect(xml).toMatch(
			/<testcase classname="connectivity.dnsutils" [^>]*><failure message="dnsutils -&gt; [^"]*expected ok; observed &lt;img/,
		);
		expect(xml).toMatch(/<testcase classname="lab" [^>]*><failure message="0 of 1 pods are ready/);
	});
});

it("tells a trace that could not be made as skipped", () => {
	const report = fullReport();
	report.traces = [{ node: "nodeport-worker", result: "untraced", reason: "its iptables is legacy" }];
	expect(junitReport(report)).toContain('<skipped message="its iptables is legacy"/>');
});
