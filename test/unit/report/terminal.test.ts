import { describe, expect, it } from "vitest";
import { terminalReport } from "../../../report/terminal.ts";
import { fullReport } from "./full.ts";
import { sampleReport } from "./sampleReport.ts";

const screen = { color: false, width: 160 };
const widest = (text: string) => Math.max(...text.split("\n").map(({ length }) => length));

describe("a verbose report", () => {
	it("shows nodes, matrix, chains, a path and findings", () => {
		const text = terminalReport(sampleReport({ nodes: 2 }), { ...screen, verbose: true });
		expect(text).toMatch(/NAME +STATUS +ROLES +VERSION +INTERNAL-IP/);
		expect(text).toMatch(/nodeport-worker3 +Ready +<none> +v1\.36\.3 +172\.18\.0\.5/);
		expect(text).toMatch(/dnsutils +nodeport-worker2 +172\.18\.0\.4:30040 +ok +timeout .*FAILED/);
		expect(text).toContain("node1 (iptables-nft)\n  KUBE-EXT-SR75RJIBNEHN2H65");
		expect(text).toContain(
			"The packet's path, from dnsutils to nodeport-worker2\nnodeport-worker2\n 1. KUBE-NODEPORTS sends it to KUBE-EXT",
		);
		expect(text).toContain("notice: no requests from nodeport-worker3: it has no client");
	});

	it("shows every step of the path, and every trace", () => {
		const text = terminalReport(fullReport(), { ...screen, verbose: true });
		expect(text).toContain("29. KUBE-POSTROUTING");
		expect(text).toMatch(/^Kernel traces: a packet from dnsutils to each node's nodePort, traced on that node$/m);
	});

	it.each([60, 80, 100, 140])("is at most %i columns wide", (width) => {
		expect(widest(terminalReport(fullReport(), { color: false, width, verbose: true }))).toBeLessThanOrEqual(width);
	});
});

describe("a failed report", () => {
	const text = terminalReport(sampleReport({ nodes: 2 }), screen);

	it("shows each finding with its commands, the paths of failed requests, and what couldn't be evaluated", () => {
		expect(text).toContain("failed: dnsutils -> nodeport-worker2 nodePort 172.18.0.4:30040: expected ok, from");
		expect(text).toMatch(/^ {2}repeat: kubectl exec dnsutils -- curl http:\/\/172\.18\.0\.4:30040\/host$/m);
		expect(text).toContain("The paths of failed requests\ndnsutils -> nodeport-worker2 nodePort 172.18.0.4:30040");
		expect(text).toContain("notice: nodeport-worker: this rule can't be evaluated: line 7: -A X -m strange");
		expect(text).toMatch(/^verification failed at \S+: \d+ of \d+ requests ended as expected, 1 finding$/m);
	});

	it("doesn't show tables, nor which requests the matrix doesn't have", () => {
		expect(text).not.toMatch(/INTERNAL-IP|EXPECTED|KUBE-SVC-\S+ ->/);
		expect(text).not.toContain("no requests from nodeport-worker3");
	});

	it("keeps a command in one piece for a shell", () => {
		const narrow = terminalReport(sampleReport({ nodes: 2 }), { color: false, width: 50 });
		expect(narrow).toContain("  repeat: kubectl exec dnsutils -- curl \\\n            http://172.18.0.4:30040/host");
	});
});

it("is only the answer if everything is as expected", () => {
	expect(terminalReport(fullReport(), screen)).toMatch(
		/^verified at \S+: (\d+) of \1 requests ended as expected, (\d+) of \2 traces equal the predicted path\nanswer/,
	);
});
