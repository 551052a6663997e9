/** A report of a lab whose only target does not answer. */
import type { Cell, NodeRules } from "../../../verification/model.ts";
import type { Report } from "../../../verification/report.ts";
import { dnsutils, sampleView } from "../verification/sample.ts";

export const sampleCell = (client: string): Cell => ({
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

/** Of a lab with so many nodes, two clients of which asked one target in vain. */
export const sampleReport = ({
	nodes: nodeCount = 4,
	path = "out/verification.json",
	revisions = {},
}: {
	nodes?: number;
	path?: string;
	revisions?: Report["request"]["revisions"];
} = {}): Report => {
	const { nodes, service } = sampleView();
	return {
		schema: "nodeport-lab/report/v1",
		request: {
			kubeconfig: ".kube/nodeport.yaml",
			service: { namespace: "default", name: "nodeport-service" },
			echo: { deployment: "app1", replicas: 1, nodes: [] },
			clients: [{ name: "dnsutils", run: { spawn: ["true"] }, get: ["curl"] }],
			connectivity: "base",
			report: path,
			waitSeconds: 60,
			revisions,
		},
		ok: false,
		checkedAt: "2026-01-01T00:00:00.000Z",
		proxyMode: "iptables",
		service,
		pods: [],
		nodes,
		clients: [{ name: "dnsutils", place: dnsutils }],
		connectivity: [sampleCell("dnsutils"), sampleCell("another")],
		ways: { hops: [], cells: [], omittedCells: 2 },
		rules: Array.from({ length: nodeCount }, (_, i) => rules(`node${i}`)),
		differences: [{ cell: "dnsutils -> nodeport-worker2", rules: "refused", path: "1. KUBE-SERVICES rejects it." }],
		notAsking: ["nodeport-worker3: no client runs on it"],
		explained: { client: "dnsutils", target: "nodeport-worker2:30040", path: "1. KUBE-NODEPORTS sends it on." },
		notUnderstood: ["nodeport-worker: line 7: -A X -m strange"],
		failures: ["dnsutils -> nodeport-worker2: expected ok"],
	};
};
