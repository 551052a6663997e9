/** What the owners of rules are called. */
import type { RuleOwner } from "../../../verification/diagnosis/findings/ruleOwner.ts";

const names: Record<RuleOwner, string> = {
	"kube-proxy": "kube-proxy",
	kubelet: "the kubelet",
	kernel: "the kernel",
	kind: "kind's network plugin",
	docker: "Docker",
	hostPort: "a pod's hostPort (the CNI plugin portmap)",
	calico: "Calico (network policy engine)",
	cilium: "Cilium (network policy engine)",
	flannel: "flannel",
	antrea: "Antrea (network policy engine)",
	"kube-router": "kube-router (network policy engine)",
	weave: "Weave Net (network policy engine)",
	"aws-vpc-cni": "the AWS VPC CNI",
	"ovn-kubernetes": "OVN-Kubernetes",
	"kube-network-policies": "kube-network-policies (network policy engine)",
	istio: "Istio",
	"ip-masq-agent": "ip-masq-agent",
	"node-local-dns": "NodeLocal DNSCache",
	firewalld: "firewalld",
	ufw: "ufw",
	fail2ban: "fail2ban",
	crowdsec: "CrowdSec",
	tailscale: "Tailscale",
	libvirt: "libvirt",
	"oracle-cloud-agent": "the Oracle Cloud image",
	unknown: "an unknown owner (not Kubernetes)",
};

export const ownerName = (owner: RuleOwner): string => names[owner];

const fixes: Partial<Record<RuleOwner, (nodePort: string) => string>> = {
	firewalld: (port) => `on the node: firewall-cmd --permanent --add-port=${port} && firewall-cmd --reload`,
	ufw: (port) => `on the node: ufw allow ${port}, or ufw route allow for forwarded packets`,
	fail2ban: () => "on the node: fail2ban-client status, then fail2ban-client set <jail> unbanip <address>",
	docker: () => "on the node: accept the packets in chain DOCKER-USER; Docker keeps the rules in it",
	hostPort: () => "use another nodePort, or remove the pod's hostPort",
	calico: () => "check the NetworkPolicies and GlobalNetworkPolicies that select the pods or the node",
	cilium: () => "check the NetworkPolicies that select the pods",
	antrea: () => "check the NetworkPolicies that select the pods",
	"kube-router": () => "check the NetworkPolicies that select the pods",
	weave: () => "check the NetworkPolicies that select the pods",
	"kube-network-policies": () => "check the NetworkPolicies that select the pods",
	"aws-vpc-cni": () => "check the NetworkPolicies that select the pods",
	flannel: () => "start flanneld without --ip-masq, or exclude the Service's clients from it",
};

/** @param port the port on the node, as firewalls write it: "30080/tcp" */
export const ownerFix = (owner: RuleOwner, port: string): string =>
	fixes[owner]?.(port) ?? "find the program that wrote the rule, and let it accept these packets";
