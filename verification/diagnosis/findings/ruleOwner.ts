/** Who wrote a rule, by the names of its table and chain and by its text. */
import { z } from "zod";
import type { Hop } from "../../../netfilter/model.ts";

export const RuleOwner = z.enum([
	"kube-proxy",
	"kubelet",
	"kernel",
	"kind",
	"docker",
	"hostPort",
	"calico",
	"cilium",
	"flannel",
	"antrea",
	"kube-router",
	"weave",
	"aws-vpc-cni",
	"ovn-kubernetes",
	"kube-network-policies",
	"istio",
	"ip-masq-agent",
	"node-local-dns",
	"firewalld",
	"ufw",
	"fail2ban",
	"crowdsec",
	"tailscale",
	"libvirt",
	"oracle-cloud-agent",
	"unknown",
]);
export type RuleOwner = z.infer<typeof RuleOwner>;

/** In this order: the first pattern that fits decides. Each is matched with "<table> <chain>". */
const names: [RegExp, RuleOwner][] = [
	[/^kernel /, "kernel"],
	[/^firewalld /, "firewalld"],
	[/^docker(-\w+)* /, "docker"],
	[/^cni_hostport /, "hostPort"],
	[/^calico /, "calico"],
	[/^(kube|kindnet)-network-policies /, "kube-network-policies"],
	[/^kindnet/, "kind"],
	[/^f2b-table /, "fail2ban"],
	[/^crowdsec6? /, "crowdsec"],
	[/^ovn-kube/, "ovn-kubernetes"],
	[/^kube-proxy /, "kube-proxy"],
	[/ KUBE-(ROUTER|NWPLCY|POD-FW|SVC-PROXY-FW)/, "kube-router"],
	[/ KUBE-(FIREWALL|KUBELET-CANARY)$/, "kubelet"],
	[/ KUBE-/, "kube-proxy"],
	[/ KIND-MASQ-AGENT$/, "kind"],
	[/ IP-MASQ/, "ip-masq-agent"],
	[/ CNI-(HOSTPORT|DN)-/, "hostPort"],
	[/ cali-/, "calico"],
	[/ (OLD_)?CILIUM_/, "cilium"],
	[/ FLANNEL-/, "flannel"],
	[/ ANTREA-/, "antrea"],
	[/ WEAVE/, "weave"],
	[/ AWS-/, "aws-vpc-cni"],
	[/ OVN-KUBE-/, "ovn-kubernetes"],
	[/ ISTIO_/, "istio"],
	[/ DOCKER/, "docker"],
	[/ ufw6?-/, "ufw"],
	[/ f2b-/, "fail2ban"],
	[/ CROWDSEC/, "crowdsec"],
	[/ ts-/, "tailscale"],
	[/ LIBVIRT_/, "libvirt"],
	[/ (BareMetal)?InstanceServices$/, "oracle-cloud-agent"],
	[/ (IN|FWD|FWDI|FWDO|PRE|POST)_[\w-]+$/, "firewalld"],
	[
		/ (INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_(direct|ZONES|ZONES_SOURCE|IN_ZONES|OUT_ZONES|POLICIES_\w+)/,
		"firewalld",
	],
];

/** Rules in chains that several programs use. */
const texts: [RegExp, RuleOwner][] = [
	// Docker 28 and later drops packets to a container's address that don't come through its bridge.
	[/ ! -i (docker0|br-[0-9a-f]{12}) .*-j DROP$/, "docker"],
	[/flanneld masq/, "flannel"],
	[/NodeLocal DNS Cache/, "node-local-dns"],
	[/--comment "?cali:/, "calico"],
	[/--comment "?cilium:/, "cilium"],
	[/--comment "?AWS/, "aws-vpc-cni"],
	[/kubernetes (service|postrouting|forwarding|load balancer)/, "kube-proxy"],
];

export function ownerOf({ table, chain, rule }: Pick<Hop, "table" | "chain" | "rule">): RuleOwner {
	const place = `${table} ${chain}`;
	return (
		names.find(([pattern]) => pattern.test(place))?.[1] ??
		texts.find(([pattern]) => pattern.test(rule))?.[1] ??
		"unknown"
	);
}

/** Those whose rules are part of the way that Kubernetes serves a Service. */
export const isKubernetes = (owner: RuleOwner): boolean => ["kube-proxy", "kubelet", "kind", "kernel"].includes(owner);

/** Those that enforce NetworkPolicies. */
export const enforcesPolicies = (owner: RuleOwner): boolean =>
	["calico", "cilium", "antrea", "kube-router", "weave", "aws-vpc-cni", "kube-network-policies"].includes(owner);
