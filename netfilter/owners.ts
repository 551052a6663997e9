/** The programs that write rules on nodes. */

/** Chains and tables by their names, as each program's source or documentation calls them. */
const owners: [pattern: RegExp, owner: string][] = [
	[/^KUBE-(ROUTER|POD-FW|NWPLCY|DST|SRC)-/, "kube-router"],
	[/^KUBE-(FIREWALL|KUBELET-CANARY|MARK-DROP)$/, "kubelet"],
	[/^(KUBE-|kube-proxy$)/, "kube-proxy"],
	[/^(CNI-HOSTPORT-|CNI-DN-|cni_hostport$)/, "hostPort (CNI portmap)"],
	[/^CNI-[0-9a-f]{24}$|^CNI-(FORWARD|ADMIN)$/, "CNI plugin"],
	[/^(cali-|calico$)/, "Calico"],
	[/^(OLD_)?CILIUM_/, "Cilium"],
	[/^FLANNEL-|^flannel-/, "flannel"],
	[/^WEAVE/, "Weave Net"],
	[/^ANTREA-|^antrea/, "Antrea"],
	[/^OVN-KUBE-|^ovn-kube/, "OVN-Kubernetes"],
	[/^AWS-(SNAT|CONNMARK)-CHAIN/, "AWS VPC CNI"],
	[/^IP-MASQ(-AGENT)?$|^ip-masq/i, "ip-masq-agent"],
	[/^KIND-MASQ-AGENT$|^kindnet/i, "kindnet"],
	[/^(ISTIO_|istio)/, "Istio"],
	[/^PROXY_INIT_/, "Linkerd"],
	[/^DOCKER(-|_|$)|^docker-bridges$/, "Docker"],
	[/^NETAVARK|^netavark$/, "Podman"],
	[/^LIBVIRT_|^libvirt_network$/, "libvirt"],
	// Only nft's tables have its name; its rules of iptables have comments (internal/server/firewall in Incus).
	[/^lxd$/, "LXD"],
	[/^incus$/, "Incus"],
	[/^firewalld$|^(INPUT|FORWARD|OUTPUT)_(direct|ZONES|ZONES_SOURCE)$|^(IN|FWD|FWDI|FWDO|POST|PRE)_/, "firewalld"],
	[/^(INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING)_(direct|IN_ZONES|OUT_ZONES|ZONES|POLICIES_(pre|post))/, "firewalld"],
	[/_POLICIES_(pre|post)$/, "firewalld"],
	[/^kube-network-policies$/, "kube-network-policies"],
	[/^ufw6?-/, "ufw"],
	[/^f2b-|^fail2ban-|^f2b-table$/, "fail2ban"],
	[/^crowdsec/i, "CrowdSec"],
	[/^(ts-|tailscale)/, "Tailscale"],
	[/^GCP-|^gce-/i, "Google's agent"],
	[/^BareMetalInstanceServices$|^InstanceServices$/, "Oracle Cloud's agent"],
];

const commentOwners: [pattern: RegExp, owner: string][] = [
	[/^NodeLocal DNS Cache/i, "NodeLocal DNSCache"],
	[/^AWS(,|\s|-)/, "AWS VPC CNI"],
	[/^generated for LXD /, "LXD"],
	[/^generated for Incus /, "Incus"],
	[/^flanneld/, "flannel"],
	[/^cali:/, "Calico"],
	[/^cilium/, "Cilium"],
	[/^ip-masq-agent/, "ip-masq-agent"],
	// kube-proxy's own texts: anybody may write "kubernetes" into a comment (pkg/proxy/iptables/proxier.go).
	[
		/^kubernetes (service (portals|nodeports|traffic)|postrouting rules|forwarding |load balancer firewall|externally-visible|health check service ports)/,
		"kube-proxy",
	],
];

/**
 * NodeLocal DNSCache's usual address, which it excludes from conntrack; before 1.22 without a comment
 * (setupIptables in kubernetes/dns cmd/node-cache/app).
 */
const nodeLocalDns =
	/^-A (PREROUTING|INPUT|OUTPUT) .*\b169\.254\.20\.10\b.*port (53|8080|9253)\b.* -j (CT --notrack|NOTRACK|ACCEPT)$/;

/** What shows who wrote a rule. */
interface Written {
	table: string;
	chain: string;
	/** The rule's text. */
	rule?: string;
	comment?: string | undefined;
}

/** The program that wrote a rule, by its chain, its table, its comment or its text; undefined: it isn't known. */
export function ownerOf({ table, chain, rule = "", comment = "" }: Written): string | undefined {
	const byName = [chain, table].flatMap((name) => owners.find(([pattern]) => pattern.test(name))?.[1] ?? [])[0];
	const byComment = commentOwners.find(([pattern]) => pattern.test(comment))?.[1];
	return byName ?? byComment ?? (nodeLocalDns.test(rule) ? "NodeLocal DNSCache" : undefined);
}
