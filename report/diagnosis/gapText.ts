/** What couldn't be read, and what it would have shown. */
import type { Gap, GapCause, Subject } from "../../kubernetes/source/gap.ts";
import { familyName } from "../views/viewText.ts";
import { nodeNames } from "./findings/findingWords.ts";

interface SubjectText {
	/** What it is. */
	name: string;
	/** What it would have shown. */
	shows: string;
	/** The right that reads it. */
	right?: string;
}

const subjects: Record<Subject, SubjectText> = {
	endpointSlices: {
		name: "EndpointSlices",
		shows: "whether the Service has ready endpoints, and where rules must send packets",
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
	network: { name: "interfaces and routes", shows: "the effect of rules that depend on them" },
	recent: { name: "remembered clients", shows: "which clients session affinity sends to the same endpoint again" },
	ipset: { name: "ipsets", shows: "the effect of rules that depend on their elements" },
	conntrack: { name: "connections (conntrack)", shows: "whether known UDP clients are sent to pods that are gone" },
	listeners: {
		name: "sockets of a pod",
		shows: "whether a process listens on the targetPort",
		right: "create and get pods/exec in the Service's namespace",
	},
	requests: { name: "requests", shows: "the measured results" },
};

/** One line for each subject and reason; nodes with the same reason are together. */
export function gapTexts(gaps: readonly Gap[]): string[] {
	const groups = new Map<string, Gap[]>();
	for (const gap of gaps) {
		const { subject, family, source, cause } = gap;
		const key = JSON.stringify([subject, family, source, cause.kind === "forbidden" ? cause.kind : cause]);
		groups.set(key, [...(groups.get(key) ?? []), gap]);
	}
	return [...groups.values()].flatMap(groupText);
}

function groupText(group: readonly Gap[]): string[] {
	const [first] = group;
	if (!first) return [];
	const { subject, family, source, cause } = first;
	const { name, shows, right } = subjects[subject];
	const nodes = group.flatMap(({ node }) => node ?? []);
	const where = nodes.length === 0 ? "" : ` of ${nodeNames(nodes)}`;
	const which = family === undefined ? "" : `${familyName(family)} `;
	const isMissing = cause.kind === "forbidden" && right !== undefined;
	const why = isMissing ? `needs the right to ${right}` : causeText(cause, subject);
	return [`${which}${name}${where}: ${source === undefined ? "" : `${source}: `}${why}; would show ${shows}`];
}

function causeText(cause: GapCause, subject: Subject): string {
	switch (cause.kind) {
		case "forbidden":
		case "failed":
			return cause.message;
		case "notCollected":
			return "the bundle doesn't contain it";
		case "invalid":
			return `${cause.field}: ${cause.message}`;
		case "noProgram":
			return `${subject === "listeners" ? "its image" : "its kube-proxy pod"} has no program ${cause.program}`;
		case "noClientProgram":
			return `${cause.client} can't send them: its container has none of ${cause.programs.join(", ")}, or exec isn't allowed`;
		case "exitCode":
			return `${cause.program} ended with ${cause.code}`;
		case "incomplete":
			return `${cause.program}: ${cause.reason}`;
		case "tooLarge":
			return `not read, because the rules of the other nodes already have ${Math.round(cause.characters / 1e6)} million characters`;
		case "noProxyPod":
			return "the node has no kube-proxy pod";
		case "noProxyPods":
			return "no node has a kube-proxy pod; it may be part of another process, as in k3s";
		case "proxyMode":
			return `kube-proxy runs in ${cause.mode} mode, which has no rules to read`;
		case "ebpf":
			return `eBPF programs of ${cause.agent} aren't evaluated`;
		case "noNodeAddress":
			return "the node has no InternalIP of this family";
		case "noRoute":
			return `${cause.client} has no address or no route of this family`;
		case "changing":
			return "the Service's endpoints changed while they were read, as in a rollout; run it again afterwards";
		case "protocol":
			return `no program sends ${cause.protocol} packets and reports the answer`;
	}
}
