/** A report with several address families and protocols, in every form. */
import { describe, expect, it } from "vitest";
import { findingTexts } from "../../../../report/findingText.ts";
import { htmlReport } from "../../../../report/html/page.ts";
import { junitReport } from "../../../../report/junit.ts";
import { markdownReport } from "../../../../report/markdown.ts";
import { requestName } from "../../../../report/matrixText.ts";
import { summarize } from "../../../../report/summary.ts";
import { terminalReport } from "../../../../report/terminal.ts";
import { reportViews } from "../../../../report/views/reportViews.ts";
import type { Report } from "../../../../verification/report.ts";
import { failedReport, fullReport } from "../full.ts";
import { sampleReport } from "../sampleReport.ts";
import { severalViews } from "./severalViews.ts";

const report = severalViews();
const names = ["TCP over IPv4", "UDP over IPv4", "TCP over IPv6", "UDP over IPv6"];

describe("a view", () => {
	it.each([
		["by family and protocol if both differ", severalViews(), names],
		[
			"by protocol if there is one family",
			severalViews([
				["ipv6", "tcp"],
				["ipv6", "udp"],
			]),
			["TCP", "UDP"],
		],
		[
			"by family if there is one protocol",
			severalViews([
				["ipv4", "udp"],
				["ipv6", "udp"],
			]),
			["IPv4", "IPv6"],
		],
		["by nothing if it is the only one", severalViews([["ipv6", "udp"]]), [""]],
		["by nothing in a report without requests", { ...fullReport(), connectivity: [], rules: [], traces: [] }, [""]],
	])("is named %s", (_, report, expected) => {
		expect(reportViews(report).map(({ name }) => name)).toEqual(expected);
	});

	it("has its own requests, rules, traces and paths, and the addresses of its family", () => {
		const full = fullReport();
		const last = reportViews(report).at(-1)?.report;
		expect(last?.connectivity.length).toBe(full.connectivity.length);
		expect(last?.rules.length).toBe(full.rules.length);
		expect(last?.traces?.length).toBe(full.traces?.length);
		expect(last?.journeys.requests.length).toBe(full.journeys.requests.length);
		expect(last?.nodes[0]).toMatchObject({ internalIp: "fc00:f853:ccd:e793::4", podCidr: "fd00:10:244:0::/64" });
		expect(last?.clients[0]?.place.ip).toBe("fd00:10:244:1::2");
		expect(last?.pods[0]?.ip).toBe("fd00:10:244:2::2");
		expect(last?.service.clusterIp).toMatch(/^fd00:10:96::/);
		expect(JSON.stringify(last?.connectivity)).not.toContain("172.18.0.");
	});

	it("keeps an address without a family of its own", () => {
		const old = severalViews();
		for (const node of old.nodes) delete node.internalIps;
		expect(reportViews(old).at(-1)?.report.nodes[0]?.internalIp).toBe("172.18.0.4");
	});
});

describe("one view", () => {
	const explicit = (report: Report) => {
		const view = { family: "ipv4", protocol: "tcp" } as const;
		const all = <T>(items: readonly T[]) => items.map((item) => ({ ...item, ...view }));
		return {
			...report,
			connectivity: report.connectivity.map((cell) => ({ ...cell, target: { ...cell.target, ...view } })),
			rules: all(report.rules),
			traces: all(report.traces ?? []),
			journeys: { ...report.journeys, requests: all(report.journeys.requests) },
			nodes: report.nodes.map((node) => ({ ...node, internalIps: [node.internalIp], podCidrs: [node.podCidr] })),
			pods: report.pods.map((pod) => ({ ...pod, ips: [pod.ip] })),
		};
	};

	it.each([
		["a verified lab", fullReport()],
		["a failed lab", failedReport()],
		["connectivity base", sampleReport()],
	])(
		"is rendered as in a lab that knows only IPv4 and TCP: %s",
		async (_, old) => {
			const now = explicit(old);
			const screen = { color: true, width: 100 };
			expect(reportViews(old)[0]?.report).toBe(old);
			expect(terminalReport(now, screen)).toBe(terminalReport(old, screen));
			expect(terminalReport(now, { ...screen, verbose: true })).toBe(terminalReport(old, { ...screen, verbose: true }));
			expect(markdownReport(now)).toBe(markdownReport(old));
			expect(junitReport(now)).toBe(junitReport(old));
			expect(await htmlReport(now)).toBe(await htmlReport(old));
		},
		120_000,
	);
});

describe("several views", () => {
	it("have a matrix each, with the view in its heading, in the terminal and in Markdown", () => {
		const text = terminalReport(report, { color: false, width: 160, verbose: true });
		const markdown = markdownReport(report);
		for (const name of names) {
			expect(text).toContain(`\nPredicted (${name}): how each request ends`);
			expect(text).toContain(`\nMeasured (${name})\n`);
			expect(text).toContain(`\nDifference (${name}): none in 53 requests\n`);
			expect(text).toContain(`on each node (iptables mode, ${name})\n`);
			expect(markdown).toContain(`\n## Measured (${name})\n`);
		}
		expect(text).toMatch(/\nnodeport-worker \(UDP over IPv6\): the kernel's trace of \d+ rules equals/);
		expect(text).toMatch(/nodeport-control-plane .* 172\.18\.0\.4, fc00:f853:ccd:e793::4 /);
		expect(text).not.toContain("nodeport-service:echo on each node");
	});

	it("with connectivity base, have lists of requests each", () => {
		const { request, ...full } = report;
		const base = { ...full, request: { ...request, connectivity: "base" as const } };
		const text = terminalReport(base, { color: false, width: 200, verbose: true });
		expect(text).toContain("External communication (UDP over IPv6): through nodePort 30040 of each node\n");
		expect(text).toMatch(/\ndnsutils +nodeport-worker +\[fc00:f853:ccd:e793::3\]:30040\/udp +ok/);
	});

	it("have a name for each request, and each test of JUnit", () => {
		expect(new Set(report.connectivity.map(requestName)).size).toBe(report.connectivity.length);
		const { drawbacks: _, ...others } = report;
		const tests = junitReport(others).match(/<testcase classname="[^"]*" name="[^"]*"/g) ?? [];
		expect(tests.length).toBe(report.connectivity.length + (report.traces ?? []).length);
		expect(new Set(tests).size).toBe(tests.length);
		expect(tests).toContain(
			'<testcase classname="connectivity.dnsutils" name="serviceDns (serviceDns nodeport-service.default.svc.cluster.local:8080/udp over IPv6)"',
		);
		expect(tests).toContain('<testcase classname="traces" name="nodeport-worker (TCP over IPv6)"');
	});

	it("are named by findings", () => {
		const view = { family: "ipv6", protocol: "udp" } as const;
		const problem = { kind: "policy", expected: "Local", observed: "rewritten" } as const;
		const failure = { kind: "unseen" } as const;
		const findings: Report["findings"] = [
			{ kind: "rules", node: "nodeport-worker", ...view, problem },
			{ kind: "trace", trace: { result: "failed", node: "nodeport-worker2", ...view, failure }, repeat: ["true"] },
			{ kind: "node", node: "nodeport-worker3", problem: { kind: "noReader" } },
		];
		expect(findingTexts({ ...report, findings }).map((text) => text.split(":")[0])).toEqual([
			"nodeport-worker (UDP over IPv6)",
			"nodeport-worker2 (UDP over IPv6)",
			"nodeport-worker3",
		]);
		const [first] = findingTexts({ ...severalViews([["ipv6", "udp"]]), findings });
		expect(first).toMatch(/^nodeport-worker: its rules rewrite/);
	});

	it("show the path of a failed request in its own view, and the command that explains it", () => {
		const failed = severalViews(undefined, failedReport());
		const text = terminalReport(failed, { color: false, width: 160 });
		expect(text).toContain("npm run explain -- --from dnsutils --to 172.18.0.4:30040 --verbose");
		const findings = failed.findings.map((finding) =>
			finding.kind === "request"
				? {
						...finding,
						target:
							failed.connectivity.find(
								(cell) => !cell.ok && cell.target.family === "ipv6" && cell.target.protocol === "udp",
							)?.target ?? finding.target,
					}
				: finding,
		);
		const other = terminalReport({ ...failed, findings }, { color: false, width: 160 });
		expect(other).toContain("dnsutils -> nodeport-control-plane nodePort [fc00:f853:ccd:e793::4]:30040/udp\n");
		expect(other).toContain(
			"npm run explain -- --from dnsutils --to '[fc00:f853:ccd:e793::4]:30040' --protocol udp --verbose",
		);
		expect(other).toMatch(/-j DNAT --to-destination \[fd00:10:244:2::2\]:8080/);
	});

	it("come in order in the outputs: those of the first view stay if there is too little room", () => {
		const rules = report.rules.flatMap((one) => [
			one,
			...Array.from({ length: 30 }, (_, i) => ({ ...one, node: `node${i}` })),
		]);
		const { nodes, omittedNodes = 0 } = summarize({ ...report, rules });
		expect(omittedNodes).toBeGreaterThan(0);
		expect(nodes.length + omittedNodes).toBe(rules.length);
		expect(nodes.filter(({ family, protocol }) => family !== "ipv4" || protocol !== "tcp")).toEqual([]);
	});
});
