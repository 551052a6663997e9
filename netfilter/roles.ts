/** What the chains are for that kube-proxy writes in its two modes, and their neighbours on a node of kind. */

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
	| "localnet"
	| "sourceRanges"
	| "noEndpoints"
	| "healthChecks"
	| "clusterIps"
	| "reject"
	| "kindMasquerade"
	| "dockerDns";

/** Chains of iptables mode whose names say it all; those of table filter come first. */
const iptablesChains: Record<string, Role> = {
	"filter KUBE-SERVICES": "noEndpoints",
	"filter KUBE-NODEPORTS": "healthChecks",
	"KUBE-SERVICES": "services",
	"KUBE-NODEPORTS": "nodePorts",
	"KUBE-MARK-MASQ": "markMasquerade",
	"KUBE-POSTROUTING": "masquerade",
	"KUBE-FORWARD": "forward",
	"KUBE-FIREWALL": "localnet",
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

/** Chains of one Service or endpoint, by the first part of their names. */
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

/** undefined: the chain is neither kube-proxy's nor kind's, or a base chain. */
export function roleOf(chain: string, table: string): Role | undefined {
	const isKubeProxyTable = table === "kube-proxy";
	const named = isKubeProxyTable
		? nftablesChains[chain]
		: (iptablesChains[`${table} ${chain}`] ?? iptablesChains[chain]);
	return named ?? (isKubeProxyTable ? nftablesPrefixes : prefixes).find(([prefix]) => chain.startsWith(prefix))?.[1];
}

/** Completes "it goes to <chain>, …". */
export const purposes: Record<Role, string> = {
	services: "kube-proxy's list of the Services' addresses",
	nodePorts: "the list of nodePorts",
	external: "the chain for traffic from outside the cluster",
	cluster: "which chooses among all endpoints of the Service",
	local: "which chooses among the endpoints on this node",
	firewall: "which lets only the load balancer's allowed sources pass",
	endpoint: "the chain of that endpoint",
	markMasquerade: "which marks packets whose source must be rewritten",
	masquerade: "which rewrites the source of marked packets",
	forward: "which lets translated packets through",
	localnet: "which keeps strangers away from 127.0.0.0/8",
	sourceRanges: "which stops sources that a load balancer does not allow",
	noEndpoints: "the list of Services that have no endpoint for it",
	healthChecks: "the list of load balancers' health check ports",
	clusterIps: "which stops what no Service serves",
	reject: "which rejects it",
	kindMasquerade: "kind's own chain, not Kubernetes': it rewrites the source of what leaves the pod network",
	dockerDns: "Docker's own chain, not Kubernetes': it serves DNS to containers",
};
