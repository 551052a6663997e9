/** Recognizes the pods of kube-proxy, and of programs that can serve Services instead of it. */
import type { PodObject, ServiceObject } from "./usedFields.ts";

/**
 * DaemonSets have the label k8s-app (kubeadm, EKS, AKS); static pods have component (GKE, RKE2), and their names end in
 * their node's name.
 */
export function isKubeProxy({ metadata: { labels = {}, name }, spec: { containers } }: PodObject): boolean {
	if (labels["k8s-app"] === "kube-proxy" || labels.component === "kube-proxy") return !/windows/.test(name);
	// An unlabelled static pod runs kube-proxy in a container of that name.
	return /^kube-proxy-/.test(name) && containers.some(({ name }) => name === "kube-proxy") && !/windows/.test(name);
}

/** The program that serves the Service instead of kube-proxy, by its label. */
export const serviceProxyOf = ({ metadata: { labels = {} } }: ServiceObject): string | undefined =>
	labels["service.kubernetes.io/service-proxy-name"];

/** Network plugins by the labels of their agents. Those with `serves` can replace kube-proxy. */
const agents = {
	cilium: { labels: { "k8s-app": "cilium" }, serves: true },
	calico: { labels: { "k8s-app": "calico-node" }, serves: true },
	antrea: { labels: { app: "antrea", component: "antrea-agent" }, serves: true },
	"ovn-kubernetes": { labels: { app: "ovnkube-node" }, serves: true },
	"kube-router": { labels: { "k8s-app": "kube-router" }, serves: true },
	flannel: { labels: { app: "flannel" }, serves: false },
	kindnet: { labels: { app: "kindnet" }, serves: false },
	/** The network plugin of this project's own node image: toolchain/images/node/root/kind/manifests/default-cni.yaml. */
	"pod-network": { labels: { app: "pod-network" }, serves: false },
	"aws-vpc-cni": { labels: { "k8s-app": "aws-node" }, serves: false },
	weave: { labels: { name: "weave-net" }, serves: false },
} satisfies Record<string, { labels: Record<string, string>; serves: boolean }>;
export type AgentKind = keyof typeof agents;

/** Plugins whose addresses and routes are known: each node has one range of pods, and its first address. */
export const isKnownNetwork = (agent: AgentKind): boolean => agent === "kindnet" || agent === "pod-network";

export const canServe = (agent: AgentKind): boolean => agents[agent].serves;

export function agentOf({ metadata: { labels = {} } }: PodObject): AgentKind | undefined {
	const kinds = Object.keys(agents) as AgentKind[];
	return kinds.find((kind) => Object.entries(agents[kind].labels).every(([key, value]) => labels[key] === value));
}
