import { expect, it } from "vitest";
import type { Cell, NodeRules } from "../../../../verification/model.ts";
import type { Report } from "../../../../verification/report/model.ts";
import { summarize } from "../../../../verification/report/summary.ts";
import { terminalReport } from "../../../../verification/report/terminal.ts";
import { sampleView } from "../sample.ts";

const cell = (client: string): Cell => ({
	client,
	scope: "external",
	target: { kind: "nodePort", address: "172.18.0.4:30040", node: "nodeport-worker2" },
	expected: { outcome: "ok", nodes: ["nodeport-worker"], podIps: ["10.244.3.9"], clientIp: "172.18.0.4" },
	observed: { outcome: "timeout", body: "curl: (28) timed out", milliseconds: 3000 },
	ok: false,
	command: `kubectl exec ${client} -- curl http://172.18.0.4:30040/host`,
});

const rules = (node: string): NodeRules => ({
	node,
	backend: "iptables-nft",
	rules: ["-A KUBE-NODEPORTS -p tcp --dport 30040 -j KUBE-EXT-SR75RJIBNEHN2H65"],
	paths: [
		{
			probability: 1,
			hops: [
				{
					table: "nat",
					chain: "KUBE-NODEPORTS",
					rule: "-A KUBE-NODEPORTS -p tcp --dport 30040 -j KUBE-EXT-SR75RJIBNEHN2H65",
					effect: "jump",
					to: "KUBE-EXT-SR75RJIBNEHN2H65",
					text: "KUBE-NODEPORTS sends it to KUBE-EXT-SR75RJIBNEHN2H65.",
				},
			],
		},
	],
});

const report = (nodeCount: number): Report => {
	const { nodes, service } = sampleView();
	return {
		schema: "nodeport-lab/report/v1",
		request: {
			kubeconfig: ".kube/nodeport.yaml",
			service: { namespace: "default", name: "nodeport-service" },
			echo: { deployment: "app1", replicas: 1, nodes: [] },
			clients: [{ name: "dnsutils", run: { spawn: ["true"] }, get: ["curl"] }],
			connectivity: "base",
			report: "out/verification.json",
			waitSeconds: 60,
			revisions: {},
		},
		ok: false,
		checkedAt: "2026-01-01T00:00:00.000Z",
		proxyMode: "iptables",
		service,
		pods: [],
		nodes,
		connectivity: [cell("dnsutils"), cell("another")],
		rules: Array.from({ length: nodeCount }, (_, i) => rules(`node${i}`)),
		differences: [{ cell: "dnsutils -> nodeport-worker2", rules: "refused", path: "1. KUBE-SERVICES rejects it." }],
		notUnderstood: ["nodeport-worker: line 7: -A X -m strange"],
		failures: ["dnsutils -> nodeport-worker2: expected ok"],
	};
};

it("keeps the first client's cells and every node's rules in the outputs", () => {
	const summary = summarize(report(4));
	expect(summary.connectivity.map(({ client }) => client)).toEqual(["dnsutils"]);
	expect(summary.nodes.map(({ node }) => node)).toEqual(["node0", "node1", "node2", "node3"]);
	expect(summary).not.toHaveProperty("omittedNodes");
});

it("stays under 64 KB whatever the number of nodes, and says how many were left out", () => {
	const summary = summarize(report(5000));
	expect(JSON.stringify(summary).length).toBeLessThan(64 * 1024);
	expect(summary.nodes.length + (summary.omittedNodes ?? 0)).toBe(5000);
	expect(summary.omittedNodes).toBeGreaterThan(4000);
});

it("shows nodes, matrix, chains, words and findings in a terminal", () => {
	const text = terminalReport(report(2), { color: false });
	expect(text).toMatch(/NAME +STATUS +ROLES +VERSION +INTERNAL-IP/);
	expect(text).toMatch(/nodeport-worker3 +Ready +<none> +v1\.36\.3 +172\.18\.0\.5/);
	expect(text).toMatch(/dnsutils +nodeport-worker2 +172\.18\.0\.4:30040 +ok +timeout .*FAILED/);
	expect(text).toContain("node1 (iptables-nft)\n  KUBE-EXT-SR75RJIBNEHN2H65");
	expect(text).toContain("1. KUBE-NODEPORTS sends it to KUBE-EXT-SR75RJIBNEHN2H65.");
	expect(text).toContain("The paths of what differs\ndnsutils -> nodeport-worker2\n1. KUBE-SERVICES rejects it.");
	expect(text).toContain("not understood: nodeport-worker: line 7: -A X -m strange");
	expect(text).toContain("failed: dnsutils -> nodeport-worker2");
});
