import { expect, it } from "vitest";
import { summarize } from "../../../report/summary.ts";
import { terminalReport } from "../../../report/terminal.ts";
import { fullReport } from "./full.ts";
import { sampleCell, sampleReport } from "./sampleReport.ts";

it("keeps the first client's requests and every node's rules in the outputs", () => {
	const summary = summarize(sampleReport());
	expect(summary.connectivity.map(({ client }) => client)).toEqual(["dnsutils"]);
	expect(summary.nodes.map(({ node }) => node)).toEqual(["node0", "node1", "node2", "node3"]);
	expect(summary).not.toHaveProperty("omittedNodes");
});

it("stays under 64 KB with 50 workers and 100 replicas, and counts what is left out", () => {
	const podIps = Array.from({ length: 100 }, (_, i) => `10.244.3.${i}`);
	const many = sampleCell("dnsutils");
	const large = sampleReport({ nodes: 51 });
	const summary = summarize({
		...large,
		pods: podIps.map((ip, i) => ({ name: `app1-${"x".repeat(20)}-${i}`, ip, node: "nodeport-worker50" })),
		connectivity: Array.from({ length: 153 }, () => ({ ...many, expected: { ...many.expected, podIps } })),
		rules: large.rules.map((one) => ({ ...one, rules: podIps.map((ip) => `-A KUBE-SEP-X -j DNAT --to ${ip} ä`) })),
	});
	expect(Buffer.byteLength(JSON.stringify(summary))).toBeLessThan(64 * 1024);
	expect(summary.connectivity.length).toBeGreaterThan(10);
	expect(summary.connectivity.length + (summary.omittedCells ?? 0)).toBe(153);
	expect(summary.nodes.length).toBeGreaterThan(1);
	expect(summary.nodes.length + (summary.omittedNodes ?? 0)).toBe(51);
});

it("shows nodes, matrix, chains, a path and findings in a terminal", () => {
	const text = terminalReport(sampleReport({ nodes: 2 }), { color: false });
	expect(text).toMatch(/NAME +STATUS +ROLES +VERSION +INTERNAL-IP/);
	expect(text).toMatch(/nodeport-worker3 +Ready +<none> +v1\.36\.3 +172\.18\.0\.5/);
	expect(text).toMatch(/dnsutils +nodeport-worker2 +172\.18\.0\.4:30040 +ok +timeout .*FAILED/);
	expect(text).toContain("node1 (iptables-nft)\n  KUBE-EXT-SR75RJIBNEHN2H65");
	expect(text).toContain(
		"The packet's path, from dnsutils to nodeport-worker2\n1. KUBE-NODEPORTS sends it to KUBE-EXT",
	);
	expect(text).toContain("notice: no requests from nodeport-worker3: it has no client");
	expect(text).toContain(
		"The paths of failed requests\ndnsutils -> nodeport-worker2 nodePort 172.18.0.4:30040\n1. KUBE-NODEPORTS",
	);
	expect(text).toContain("notice: nodeport-worker: this rule can't be evaluated: line 7: -A X -m strange");
	expect(text).toContain("failed: dnsutils -> nodeport-worker2");
	expect(text).toMatch(/^verification failed at \S+: \d+ of \d+ requests ended as expected, 1 finding$/m);
});

it("ends with the number of expected results and of agreeing traces", () => {
	const text = terminalReport(fullReport(), { color: false });
	expect(text).toMatch(/^Kernel traces: a packet from dnsutils to each node's nodePort, traced on that node$/m);
	expect(text).toMatch(
		/^verified at \S+: (\d+) of \1 requests ended as expected, (\d+) of \2 traces equal the predicted path$/m,
	);
});
