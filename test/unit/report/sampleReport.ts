/** A report of a lab whose only target doesn't answer. */
import type { Hop } from "../../../netfilter/model.ts";
import type { RecordedJourney } from "../../../verification/journey/model.ts";
import type { Cell, NodeRules } from "../../../verification/model.ts";
import { type Report, reportSchema } from "../../../verification/report.ts";
import { dnsutils, sampleView } from "../verification/sampleSnapshot.ts";

export const sampleCell = (client: string): Cell => ({
	client,
	scope: "external",
	target: { kind: "nodePort", address: "172.18.0.4:30040", node: "nodeport-worker2" },
	expected: { outcome: "ok", nodes: ["nodeport-worker"], podIps: ["10.244.3.9"], clientIp: "172.18.0.4" },
	observed: { outcome: "timeout", body: "curl: (28) timed out", milliseconds: 3000 },
	ok: false,
	command: `kubectl exec ${client} -- curl http://172.18.0.4:30040/host`,
});

const hop: Hop = {
	table: "nat",
	chain: "KUBE-NODEPORTS",
	rule: "-A KUBE-NODEPORTS -p tcp --dport 30040 -j KUBE-EXT-SR75RJIBNEHN2H65",
	effect: "jump",
	to: "KUBE-EXT-SR75RJIBNEHN2H65",
	text: "KUBE-NODEPORTS sends it to KUBE-EXT-SR75RJIBNEHN2H65.",
};

const journey: RecordedJourney = {
	client: "dnsutils",
	address: "172.18.0.4:30040",
	branches: [
		{
			probability: 1,
			legs: [{ node: "nodeport-worker2", source: "172.18.0.5", destination: "172.18.0.4:30040", hops: [0] }],
			outcome: "timeout",
			end: { kind: "drop", node: "nodeport-worker2" },
		},
	],
	omittedBranches: 0,
};

const rules = (node: string): NodeRules => ({
	node,
	backend: "iptables-nft",
	rules: [hop.rule],
	paths: [{ probability: 1, hops: [hop] }],
});

/** A lab with this number of nodes, where two clients' requests to one target failed. */
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
	const { client, target, expected, observed } = sampleCell("dnsutils");
	return {
		schema: reportSchema,
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
		journeys: { hops: [hop], requests: [journey], omittedRequests: 2 },
		rules: Array.from({ length: nodeCount }, (_, i) => rules(`node${i}`)),
		explained: { node: "nodeport-worker2", ...journey, hops: [hop] },
		findings: [
			{
				kind: "request",
				client,
				target,
				expected,
				predicted: [{ kind: "drop", node: "nodeport-worker2" }],
				observed,
				repeat: ["kubectl", "exec", "dnsutils", "--", "curl", "http://172.18.0.4:30040/host"],
			},
		],
		notices: [
			{ kind: "noClientOnNode", node: "nodeport-worker3" },
			{ kind: "unknownRule", node: "nodeport-worker", rule: "line 7: -A X -m strange" },
		],
	};
};
