/** What couldn't be read, and what it would have shown. */
import type { Diagnosis } from "../../verification/diagnosis/diagnosis.ts";
import { nodeNames } from "./findings/findingWords.ts";

type Gap = Diagnosis["gaps"][number];

interface SubjectText {
	/** What it is. */
	name: string;
	/** What it would have shown. */
	shows: string;
	/** The right that reads it. */
	right?: string;
}

const subjects: Record<string, SubjectText> = {
	endpointSlices: {
		name: "EndpointSlices",
		shows: "whether the Service has ready endpoints, and where rules must lead",
		right: "list endpointslices.discovery.k8s.io",
	},
	pods: {
		name: "pods of the namespace",
		shows: "what the selector matches, and why pods aren't ready",
		right: "list pods",
	},
	nodes: {
		name: "Nodes",
		shows: "the nodes' addresses and states; without them nothing is predicted",
		right: "list nodes",
	},
	kubeProxyPods: {
		name: "pods in kube-system",
		shows: "whether kube-proxy runs on each node; its pods also read the rules",
		right: "list pods in kube-system",
	},
	kubeProxyConfig: {
		name: "kube-proxy's ConfigMap",
		shows: "its mode and its nodePortAddresses",
		right: "get and list configmaps in kube-system",
	},
	kubeProxyLog: { name: "kube-proxy's log", shows: "why it fails", right: "get pods/log in kube-system" },
	ciliumConfig: {
		name: "Cilium's ConfigMap",
		shows: "whether Cilium replaces kube-proxy",
		right: "list configmaps in kube-system",
	},
	networkPolicies: {
		name: "NetworkPolicies",
		shows: "which of them select the pods",
		right: "list networkpolicies.networking.k8s.io",
	},
	hostPorts: {
		name: "pods of all namespaces",
		shows: "whether a hostPort has the same number as the nodePort",
		right: "list pods in all namespaces",
	},
	rules: {
		name: "rules",
		shows: "what happens to packets there, and who drops them",
		right: "create and get pods/exec in kube-system",
	},
	otherRules: {
		name: "rules of other tools",
		shows: "rules of firewalld, Docker, an administrator or an earlier kube-proxy that may drop packets first",
	},
	network: { name: "interfaces and routes", shows: "what rules do that depend on them" },
	conntrack: { name: "connections (conntrack)", shows: "whether known UDP clients are sent to pods that are gone" },
	listeners: {
		name: "sockets of a pod",
		shows: "whether a process listens on the targetPort",
		right: "create and get pods/exec in the Service's namespace",
	},
};

/** One line for each subject and reason; nodes with the same reason are together. */
export function gapTexts(gaps: readonly Gap[]): string[] {
	const groups = new Map<string, Gap[]>();
	for (const gap of gaps) {
		const key = JSON.stringify([gap.subject, gap.reason, gap.reason === "forbidden" ? "" : gap.message]);
		groups.set(key, [...(groups.get(key) ?? []), gap]);
	}
	return [...groups.values()].flatMap(groupText);
}

function groupText(group: readonly Gap[]): string[] {
	const [first] = group;
	if (!first) return [];
	const { name, shows, right } = subjects[first.subject] ?? { name: first.subject, shows: "", right: undefined };
	const nodes = group.flatMap(({ node }) => node ?? []);
	const where = nodes.length === 0 ? "" : ` of ${nodeNames(nodes)}`;
	const missing = first.reason === "forbidden" && right !== undefined ? `needs the right to ${right}` : first.message;
	return [`${name}${where}: ${missing}${shows === "" ? "" : `; would show ${shows}`}`];
}
