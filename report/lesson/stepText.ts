/** The steps of the lesson in words: what each is about, before its questions. */
import type { StepName } from "../../verification/lesson/steps.ts";

interface StepWords {
	title: string;
	/** One paragraph each. */
	intro: string[];
}

export const stepWords: Record<StepName, StepWords> = {
	start: {
		title: "Start a cluster",
		intro: [
			"npm start has created a kind cluster. Each of its nodes is a Docker container: one control plane, which runs the " +
				"API server, and the workers.",
		],
	},
	labels: {
		title: "Labels choose a node",
		intro: [
			"Each node has labels, such as kubernetes.io/hostname. A nodeSelector in a pod's spec allows only nodes with that " +
				"label.",
		],
	},
	deploy: {
		title: "Deploy the Service",
		intro: [
			"A Service has a selector. Kubernetes writes the address of each ready pod with matching labels into EndpointSlices. " +
				"kube-proxy on each node reads them and writes rules into the node's kernel.",
		],
	},
	probe: {
		title: "Call the Service through a node",
		intro: [
			"The Service is of type NodePort: the same port is open on each node. The client is the pod dnsutils. The echo " +
				"behind the Service answers with its node, its address, and the client IP that it sees.",
		],
	},
	rules: {
		title: "Look at the rules",
		intro: [
			"kube-proxy doesn't handle packets itself. It writes rules, and the node's kernel applies them to each packet.",
		],
	},
	chain: {
		title: "Follow the chain",
		intro: [
			"A packet for the nodePort jumps from chain to chain. DNAT (destination NAT) rewrites where it goes, SNAT and " +
				"masquerade rewrite where it comes from.",
		],
	},
	costs: {
		title: "What NodePort costs",
		intro: ["The next questions are about drawbacks. npm run drawbacks measures all of them, with many more requests."],
	},
	instead: {
		title: "What to use instead",
		intro: ["A Service of type NodePort also has a ClusterIP and a DNS name, for clients in the same cluster."],
	},
};

/** A row for each need: docs/drawbacks.md has the same. */
export const alternatives: readonly [need: string, use: string][] = [
	["clients in the same cluster", "a ClusterIP Service: no node port, no extra rewrite"],
	["one stable address, healthy nodes only", "a LoadBalancer Service"],
	["several HTTP services on one port, TLS", "a Gateway or an Ingress"],
	["the pods' own addresses", "a headless Service"],
	["the client IP", "policy Local behind a load balancer with health checks"],
	["a quick test, or your own load balancer", "NodePort"],
];
