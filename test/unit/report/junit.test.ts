import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { validateXML } from "xmllint-wasm";
import { junitReport } from "../../../report/junit.ts";
import { failedReport, fullReport } from "./full.ts";
import { sampleReport } from "./sampleReport.ts";

const schema = readFileSync(new URL("../../fixtures/report/junit.xsd", import.meta.url), "utf8");

async function errorsIn(contents: string): Promise<string[]> {
	const xml = [{ fileName: "junit.xml", contents }];
	return (await validateXML({ xml, schema: [{ fileName: "junit.xsd", contents: schema }] })).errors.map(
		({ message }) => message,
	);
}

it.each([
	["for a lab without findings", fullReport()],
	["for findings with hostile text", failedReport()],
	["for connectivity base", sampleReport()],
	["without requests", { ...sampleReport(), connectivity: [], findings: [] }],
])("is valid %s", async (_, report) => {
	expect(await errorsIn(junitReport(report))).toEqual([]);
});

it("is checked: an invalid file has errors", async () => {
	expect(await errorsIn(junitReport(fullReport()).replace("<testcase ", "<test "))).not.toEqual([]);
});

describe("for a lab with findings", () => {
	const xml = junitReport(failedReport());

	it("counts each request, trace and measurement, and each finding once", () => {
		const { connectivity, traces = [], drawbacks = [] } = fullReport();
		const measurements = drawbacks.flatMap(({ measurements }) => measurements);
		const cases = connectivity.length + traces.length + measurements.length + 1;
		expect(xml.match(/<testcase /g)?.length).toBe(cases);
		expect(xml).toContain(`<testsuites name="nodeport-lab" tests="${cases}" failures="2" errors="0"`);
		expect(xml.match(/<failure /g)?.length).toBe(2);
	});

	it("has the finding's text for a request, and a suite for findings about the lab", () => {
		expect(xml).toMatch(
			/<testcase classname="connectivity.dnsutils" [^>]*><failure message="dnsutils -&gt; [^"]*expected ok[^"]*observed timeout, &lt;img/,
		);
		expect(xml).toMatch(/<testcase classname="lab" [^>]*><failure message="Deployment [^"]*: 0 of 1 pods are ready/);
	});
});

it("reports an untraced node as skipped", () => {
	const report = fullReport();
	report.traces = [{ node: "nodeport-worker", result: "untraced", reason: "legacyIptables" }];
	expect(junitReport(report)).toContain('<skipped message="legacy iptables writes its traces');
});
