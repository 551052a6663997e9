/** The purposes of chains: those of kube-proxy in both modes, and those of its neighbours on a node of kind. */

export type Role =
	| "services"
	| "nodePorts"
	| "external"
	| "cluster"
	| "local"
	| "firewall"
	| "endpoint"
	| "markMasquerade"
	| "masquerade"
	| "forward"
	| "kubeletFirewall"
	| "sourceRanges"
	| "noEndpoints"
	| "healthChecks"
	| "clusterIps"
	| "reject"
	| "kindMasquerade"
	| "dockerDns";

/** Chains of iptables mode by name. In table filter, some names have another purpose. */
const iptablesChains: Record<string, Role> = {
	"filter KUBE-SERVICES": "noEndpoints",
	"filter KUBE-NODEPORTS": "healthChecks",
	"KUBE-SERVICES": "services",
	"KUBE-NODEPORTS": "nodePorts",
	"KUBE-MARK-MASQ": "markMasquerade",
	"KUBE-POSTROUTING": "masquerade",
	"KUBE-FORWARD": "forward",
	"KUBE-FIREWALL": "kubeletFirewall",
	"KUBE-PROXY-FIREWALL": "sourceRanges",
	"KUBE-EXTERNAL-SERVICES": "noEndpoints",
	"KIND-MASQ-AGENT": "kindMasquerade",
	DOCKER_OUTPUT: "dockerDns",
	DOCKER_POSTROUTING: "dockerDns",
};

const nftablesChains: Record<string, Role> = {
	services: "services",
	"mark-for-masquerade": "markMasquerade",
	masquerading: "masquerade",
	"service-endpoints-check": "noEndpoints",
	"nodeport-endpoints-check": "noEndpoints",
	"firewall-check": "sourceRanges",
	"cluster-ips-check": "clusterIps",
	"reject-chain": "reject",
};

/** Chains of one Service or endpoint, by the prefix of their names. */
const prefixes: [string, Role][] = [
	["KUBE-EXT-", "external"],
	["KUBE-XLB-", "external"],
	["KUBE-SVC-", "cluster"],
	["KUBE-SVL-", "local"],
	["KUBE-FW-", "firewall"],
	["KUBE-SEP-", "endpoint"],
];

const nftablesPrefixes: [string, Role][] = [
	["external-", "external"],
	["service-", "cluster"],
	["local-", "local"],
	["firewall-", "firewall"],
	["endpoint-", "endpoint"],
];

/** undefined: a base chain, or a chain that neither kube-proxy nor kind writes. */
export function roleOf(chain: string, table: string): Role | undefined {
	const isKubeProxyTable = table === "kube-proxy";
	const named = isKubeProxyTable
		? nftablesChains[chain]
		: (iptablesChains[`${table} ${chain}`] ?? iptablesChains[chain]);
	return named ?? (isKubeProxyTable ? nftablesPrefixes : prefixes).find(([prefix]) => chain.startsWith(prefix))?.[1];
}

/** Completes "it jumps to <chain>, …". */
export const purposes: Record<Role, string> = {
	services: "which lists the addresses of all Services",
	nodePorts: "which lists all nodePorts",
	external: "the chain for calls to its nodePort or external addresses",
	cluster: "which chooses among all endpoints of the Service",
	local: "which chooses among the endpoints on this node",
	firewall: "which checks the load balancer's allowed source ranges",
	endpoint: "the chain of that endpoint",
	markMasquerade: "which marks packets whose source address must be rewritten",
	masquerade: "which rewrites the source address of marked packets",
	forward: "which accepts packets that kube-proxy redirected",
	kubeletFirewall: "the kubelet's firewall chain",
	sourceRanges: "which drops sources that a load balancer doesn't allow",
	noEndpoints: "which stops traffic to Services without a usable endpoint",
	healthChecks: "which lists the health check ports of load balancers",
	clusterIps: "which stops traffic to ClusterIPs and ports that no Service uses",
	reject: "which rejects the packet",
	kindMasquerade:
		"kind's own chain (not part of Kubernetes): it rewrites the source address of what leaves the pod network",
	dockerDns: "Docker's own chain (not part of Kubernetes): it serves DNS to containers",
};
