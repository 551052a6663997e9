import { expect, it } from "vitest";
import { summarize } from "../../../report/summary.ts";
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
