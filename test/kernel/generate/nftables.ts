/** Random Services as kube-proxy's nftables mode writes them (pkg/proxy/nftables/proxier.go), and strange rules between. */

import { withPort } from "../../../netfilter/address.ts";
import type { Family } from "../../../netfilter/model.ts";
import { serviceChains } from "../../../netfilter/nftables/nftablesChainNames.ts";
import { servicePortName, shortHash } from "../../../netfilter/service.ts";
import { addresses, families } from "../machine/network.ts";
import type { Block, RuleSet } from "../ruleBlocks.ts";
import type { Draw } from "./draw.ts";
import { randomPodNetwork } from "./iptablesRules.ts";
import { strangeTable } from "./nftablesRules.ts";
import { baseChain, blockOf, declare, type NftTable } from "./nftTable.ts";
import { type Endpoint, type RandomService, usedChains } from "./services.ts";

/** What the trace is asked for: not the node's own answers, which have ACK set or are of ICMP. */
const traced = ["tcp flags & ack != ack meta nftrace set 1", "meta l4proto udp meta nftrace set 1"];

export function randomNftables(draw: Draw, family: Family, services: readonly RandomService[]): RuleSet {
	const kubeProxy = kubeProxyTable(family, services, draw.chance(0.5));
	const tables = [kubeProxy, strangeTable(draw, family)].map(blockOf);
	const { opening, lines, closing } = blockOf(traceTable());
	const trace: Block = { tool: "nftables", opening: [...opening, ...lines, ...closing], lines: [], closing: [] };
	const native = [trace, ...tables];
	// Chains of equal priority are asked in the order of their age.
	const kept = draw.chance(0.5) ? randomPodNetwork(draw, family) : [];
	return { tool: "nftables", family, blocks: draw.chance(0.5) ? [...kept, ...native] : [...native, ...kept] };
}

/** kube-proxy's rules, and no others. */
export const kubeProxyNftables = (family: Family, services: readonly RandomService[]): RuleSet => ({
	tool: "nftables",
	family,
	blocks: [blockOf(kubeProxyTable(family, services, true))],
});

/**
 * Asks for the traces, and keeps connection tracking on, as kube-proxy's rules do: the kernel asks no chain of type nat
 * while no rule needs it (nf_nat_inet_fn in net/netfilter/nf_nat_core.c), which would show once rules are taken out.
 */
export const traceTable = (): NftTable => ({
	family: "inet",
	name: "trace",
	declarations: [
		baseChain("prerouting", "filter", "prerouting", -350),
		baseChain("output", "filter", "output", -350),
		declare("chain", "never-asked"),
	],
	rules: [
		...["prerouting", "output"].flatMap((chain) => traced.map((rule) => ({ chain, rule }))),
		{ chain: "never-asked", rule: "ct state new" },
	],
	elements: [],
});

const baseChains = [
	baseChain("filter-prerouting-pre-dnat", "filter", "prerouting", -110),
	baseChain("filter-output-pre-dnat", "filter", "output", -110),
	baseChain("filter-input", "filter", "input", 0),
	baseChain("filter-forward", "filter", "forward", 0),
	baseChain("filter-output", "filter", "output", 0),
	baseChain("nat-prerouting", "nat", "prerouting", -100),
	baseChain("nat-output", "nat", "output", -100),
	baseChain("nat-postrouting", "nat", "postrouting", 100),
];

const plainChains = [
	...["nodeport-endpoints-check", "service-endpoints-check", "firewall-check", "services", "masquerading"],
	...["cluster-ips-check", "reject-chain"],
];

/** @param knowsPods whether kube-proxy knows which addresses pods have, so that it recognizes traffic from elsewhere */
export function kubeProxyTable(family: Family, services: readonly RandomService[], knowsPods: boolean): NftTable {
	const { clusterIpCidr, podCidr, node } = addresses[family];
	const ip = families[family].nft;
	const address = `${family}_addr`;
	const verdicts = (key: string) => `type ${key}inet_proto . inet_service : verdict;`;
	const elsewhere = knowsPods ? `${ip} saddr != ${podCidr} ` : "";
	const table: NftTable = {
		family: ip,
		name: "kube-proxy",
		declarations: [
			declare("set", "hairpin-connections", `type ${address} . ${address} . inet_proto . inet_service;`),
			declare("set", "cluster-ips", `type ${address};`),
			declare("set", "nodeport-ips", `type ${address};`),
			declare("map", "no-endpoint-services", verdicts(`${address} . `)),
			declare("map", "no-endpoint-nodeports", verdicts("")),
			declare("map", "firewall-ips", verdicts(`${address} . `)),
			declare("map", "service-ips", verdicts(`${address} . `)),
			declare("map", "service-nodeports", verdicts("")),
			...baseChains,
			...plainChains.map((chain) => declare("chain", chain)),
		],
		rules: baseRules(ip, clusterIpCidr, elsewhere),
		elements: [{ set: "nodeport-ips", element: node }],
	};
	for (const service of services) addService(table, family, service);
	return table;
}

/** The rules that do not depend on Services. */
function baseRules(ip: string, clusterIpCidr: string, elsewhere: string): NftTable["rules"] {
	const port = "meta l4proto . th dport";
	const rules: Record<string, string[]> = {
		"filter-prerouting-pre-dnat": ["ct state new jump firewall-check"],
		"filter-output-pre-dnat": ["ct state new jump firewall-check"],
		"filter-input": ["ct state new jump nodeport-endpoints-check", "ct state new jump service-endpoints-check"],
		"filter-forward": ["ct state new jump service-endpoints-check", "ct state new jump cluster-ips-check"],
		"filter-output": ["ct state new jump service-endpoints-check", "ct state new jump cluster-ips-check"],
		"nat-prerouting": ["jump services"],
		"nat-output": ["jump services"],
		"nat-postrouting": ["jump masquerading"],
		"nodeport-endpoints-check": [`${ip} daddr @nodeport-ips ${port} vmap @no-endpoint-nodeports`],
		"service-endpoints-check": [`${ip} daddr . ${port} vmap @no-endpoint-services`],
		"firewall-check": [`${ip} daddr . ${port} vmap @firewall-ips`],
		services: [
			`${ip} daddr @cluster-ips ${elsewhere}meta mark set mark or 0x4000 comment "masquerade clusterIP traffic"`,
			`${ip} daddr . ${port} vmap @service-ips`,
			`${ip} daddr @nodeport-ips ${port} vmap @service-nodeports`,
			`${ip} daddr != 127.0.0.0/8 fib daddr type local ${port} vmap @service-nodeports`,
		],
		masquerading: [
			"mark and 0x4000 != 0 mark set mark xor 0x4000 masquerade fully-random",
			`ct status dnat ${ip} saddr . ${ip} daddr . ${port} @hairpin-connections masquerade fully-random`,
		],
		"cluster-ips-check": [
			`${ip} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"`,
			`${ip} daddr ${clusterIpCidr} drop comment "Drop traffic to unallocated ClusterIPs"`,
		],
		"reject-chain": ["reject"],
	};
	if (ip === "ip6") rules.services?.pop();
	return Object.entries(rules).flatMap(([chain, list]) => list.map((rule) => ({ chain, rule })));
}

function addService(table: NftTable, family: Family, service: RandomService): void {
	const { clusterIp, protocol, port, nodePort, externalIp, loadBalancer, endpoints } = service;
	const [cluster = "", local = "", external = "", firewall = ""] = serviceChains(service);
	const name = servicePortName(service);
	const add = (set: string, element: string) => table.elements.push({ set, element });
	add("cluster-ips", clusterIp);
	const here = endpoints.filter(({ local }) => local);
	const uses = usedChains(service);
	const unserved = endpoints.length === 0 ? "goto reject-chain" : "drop";
	const ips = [externalIp, loadBalancer?.ip].filter((ip) => ip !== undefined);
	const refuse = (address: string) =>
		add("no-endpoint-services", `${address} . ${protocol} . ${port} comment "${name}" : ${unserved}`);
	if (!uses.servesInside) refuse(clusterIp);
	if (!uses.servesOutside) {
		for (const ip of ips) refuse(ip);
		if (nodePort) add("no-endpoint-nodeports", `${protocol} . ${nodePort} comment "${name}" : ${unserved}`);
	}
	if (loadBalancer && uses.firewall) {
		table.declarations.push(declare("chain", firewall));
		const ip = families[family].nft;
		table.rules.push({ chain: firewall, rule: `${ip} saddr != { ${loadBalancer.sourceRanges.join(", ")} } drop` });
		add("firewall-ips", `${loadBalancer.ip} . ${protocol} . ${port} comment "${name}" : goto ${firewall}`);
	}
	if (endpoints.length === 0) return;
	const chains = { ...(uses.cluster && { cluster }), ...(uses.local && { local }), ...(uses.external && { external }) };
	table.declarations.push(...Object.values(chains).map((chain) => declare("chain", chain)));
	const internal = service.internalTrafficPolicy === "Local" ? local : cluster;
	if (uses.servesInside) add("service-ips", `${clusterIp} . ${protocol} . ${port} : goto ${internal}`);
	for (const ip of ips) add("service-ips", `${ip} . ${protocol} . ${port} : goto ${external}`);
	if (nodePort) add("service-nodeports", `${protocol} . ${nodePort} : goto ${external}`);
	for (const { address, port } of here) {
		add("hairpin-connections", `${address} . ${address} . ${protocol} . ${port}`);
	}
	addChains(table, family, service, chains);
}

function addChains(
	table: NftTable,
	family: Family,
	service: RandomService,
	{ cluster, local, external }: Partial<Record<"cluster" | "local" | "external", string>>,
): void {
	const ip = families[family].nft;
	const { podCidr } = addresses[family];
	const add = (chain: string, ...rules: string[]) => table.rules.push(...rules.map((rule) => ({ chain, rule })));
	if (external && service.externalTrafficPolicy === "Cluster") {
		add(external, 'mark set mark or 0x4000 comment "masquerade"', `goto ${cluster}`);
	} else if (external) {
		add(
			external,
			`${ip} saddr ${podCidr} goto ${cluster} comment "short-circuit pod traffic"`,
			'fib saddr type local mark set mark or 0x4000 comment "masquerade local traffic"',
			`fib saddr type local goto ${cluster} comment "short-circuit local traffic"`,
			...(local ? [`goto ${local}`] : []),
		);
	}
	const { endpoints, protocol, affinity } = service;
	const here = endpoints.filter(({ local }) => local);
	if (affinity) for (const endpoint of cluster ? endpoints : here) addEndpoint(table, family, service, endpoint);
	for (const [chain, some] of [
		[cluster, endpoints],
		[local, here],
	] as const) {
		if (!chain) continue;
		if (affinity) {
			const chains = some.map((endpoint) => endpointChain(service, endpoint));
			add(chain, ...chains.map((to) => `${ip} saddr @affinity-${to} goto endpoint-${to}`));
			add(
				chain,
				`numgen random mod ${some.length} vmap { ${chains.map((to, i) => `${i} : goto endpoint-${to}`).join(", ")} }`,
			);
		} else {
			const map = some.map(({ address, port }, index) => `${index} : ${address} . ${port}`).join(", ");
			add(chain, `meta l4proto ${protocol} dnat ${ip} to numgen random mod ${some.length} map { ${map} }`);
		}
	}
}

/** The chain of an endpoint of a Service with session affinity, and the set of the clients that it has served. */
function addEndpoint(table: NftTable, family: Family, service: RandomService, endpoint: Endpoint): void {
	const to = endpointChain(service, endpoint);
	const ip = families[family].nft;
	table.declarations.push(
		declare("set", `affinity-${to}`, `type ${family}_addr; size 65535; flags dynamic,timeout; timeout 3h;`),
		declare("chain", `endpoint-${to}`),
	);
	table.rules.push(
		{ chain: `endpoint-${to}`, rule: `update @affinity-${to} { ${ip} saddr }` },
		{
			chain: `endpoint-${to}`,
			rule: `meta l4proto ${service.protocol} dnat to ${withPort(endpoint.address, endpoint.port)}`,
		},
	);
}

/** As kube-proxy's names.go: a colon is no character of nft's names. */
function endpointChain({ namespace, name, protocol, portName }: RandomService, { address, port }: Endpoint): string {
	const whole = `${namespace}/${name}/${protocol}/${portName}__${address.replaceAll(":", ".")}/${port}`;
	return `${shortHash(whole, 8)}-${whole}`;
}
