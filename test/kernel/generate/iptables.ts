/** Random Services as kube-proxy's iptables mode writes them (pkg/proxy/iptables/proxier.go), and other rules between them. */

import { withPort } from "../../../netfilter/address.ts";
import { endpointChain, serviceChains } from "../../../netfilter/iptables/iptablesChainNames.ts";
import type { Family } from "../../../netfilter/model.ts";
import { servicePortName } from "../../../netfilter/service.ts";
import { addresses } from "../machine/network.ts";
import type { Block, RuleSet } from "../ruleBlocks.ts";
import type { Draw } from "./draw.ts";
import { answersPass, strangeRules } from "./iptablesRules.ts";
import { blocksOf, type Chains, comment } from "./iptablesTable.ts";
import { type Endpoint, type RandomService, usedChains } from "./services.ts";

/** Selects packets for tracing, except the node's own answers, which have ACK set or are ICMP. */
const traced = ["-p tcp -m tcp --tcp-flags ACK NONE -j TRACE", "-p udp -j TRACE"];

export function randomIptables(draw: Draw, family: Family, services: readonly RandomService[]): RuleSet {
	const chains = kubeProxyChains(family, services);
	strangeRules(draw, family, chains);
	chains.filter.OUTPUT?.unshift(answersPass);
	const raw = tracedRaw(draw);
	return { tool: "iptables", family, blocks: [raw, ...blocksOf(chains)] };
}

/** Table raw, which asks for the traces. @param rules of others in PREROUTING */
export function tracedRaw(draw: Draw, { PREROUTING = [], ...chains }: Chains = {}): Block {
	const untracked = draw.chance(0.2) ? ["-A PREROUTING -p udp -m udp --dport 53 -j CT --notrack"] : [];
	// Keeps connection tracking on when the rules that need it are removed. Without it, the kernel evaluates no nat chain.
	const tracking = [":NEVER-ASKED - [0:0]", "-A NEVER-ASKED -m conntrack --ctstate NEW"];
	const trace = ["PREROUTING", "OUTPUT"].flatMap((chain) => traced.map((rule) => `-A ${chain} ${rule}`));
	const own = Object.keys(chains).filter((chain) => chain !== "OUTPUT");
	return {
		tool: "iptables",
		opening: ["*raw", ...tracking, ...trace],
		lines: [
			...own.map((chain) => `:${chain} - [0:0]`),
			...untracked,
			...own.flatMap((chain) => (chains[chain] ?? []).map((rule) => `-A ${chain} ${rule}`)),
			...PREROUTING.map((rule) => `-A PREROUTING ${rule}`),
		],
		closing: ["COMMIT"],
	};
}

/** Only kube-proxy's rules. */
export const kubeProxyIptables = (family: Family, services: readonly RandomService[]): RuleSet => ({
	tool: "iptables",
	family,
	blocks: blocksOf(kubeProxyChains(family, services)),
});

export const kubeProxyChains = (family: Family, services: readonly RandomService[]) => ({
	nat: natChains(family, services),
	filter: filterChains(family, services),
});

/** With more endpoints than that, kube-proxy leaves out the comments on the rules that lead to them (proxier.go). */
const mostCommented = 1000;

/** A comment and a space, or in a large cluster nothing. */
type Note = (text: string) => string;

function natChains(family: Family, services: readonly RandomService[]): Chains {
	const { loopbackCidr } = addresses[family];
	const chains: Chains = {
		PREROUTING: [`${comment("kubernetes service portals")} -j KUBE-SERVICES`],
		INPUT: [],
		OUTPUT: [`${comment("kubernetes service portals")} -j KUBE-SERVICES`],
		POSTROUTING: [`${comment("kubernetes postrouting rules")} -j KUBE-POSTROUTING`],
		"KUBE-SERVICES": [],
		"KUBE-NODEPORTS": [],
		"KUBE-MARK-MASQ": ["-j MARK --or-mark 0x4000"],
		"KUBE-POSTROUTING": [
			"-m mark ! --mark 0x4000/0x4000 -j RETURN",
			"-j MARK --xor-mark 0x4000",
			`${comment("kubernetes service traffic requiring SNAT")} -j MASQUERADE --random-fully`,
		],
	};
	const endpointCount = services.reduce((count, { endpoints }) => count + endpoints.length, 0);
	const note: Note = endpointCount > mostCommented ? () => "" : (text) => `${comment(text)} `;
	for (const service of services) Object.assign(chains, serviceNat(family, service, chains, note));
	chains["KUBE-SERVICES"]?.push(
		`${comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")} ! -d ${loopbackCidr} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
		`-d ${loopbackCidr} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
	);
	return chains;
}

/** The chains of one Service. Appends the rules that lead to them to the existing ones. */
function serviceNat(
	family: Family,
	service: RandomService,
	{ "KUBE-SERVICES": portals = [], "KUBE-NODEPORTS": nodePorts = [] }: Chains,
	note: Note,
): Chains {
	const { clusterIp, protocol, port, nodePort, externalIp, loadBalancer, endpoints } = service;
	if (endpoints.length === 0) return {};
	const { podCidr, loopbackCidr } = addresses[family];
	const names = serviceChains(service);
	const name = servicePortName(service);
	const to = (address: string, what: string) =>
		`-d ${address} -p ${protocol} ${comment(`${name} ${what}`)} -m ${protocol} --dport ${port}`;
	const uses = usedChains(service);
	const internal = service.internalTrafficPolicy === "Local" ? names.local : names.service;
	if (uses.servesInside) portals.push(`${to(clusterIp, "cluster IP")} -j ${internal}`);
	if (externalIp) portals.push(`${to(externalIp, "external IP")} -j ${names.external}`);
	const ranges = loadBalancer?.sourceRanges ?? [];
	if (loadBalancer)
		portals.push(`${to(loadBalancer.ip, "loadbalancer IP")} -j ${uses.firewall ? names.firewall : names.external}`);
	if (nodePort) {
		const rule = `-p ${protocol} ${comment(name)} -m ${protocol} --dport ${nodePort}`;
		nodePorts.push(
			`-d ${loopbackCidr} ${rule} -m nfacct --nfacct-name localhost_nps_accepted_pkts -j ${names.external}`,
			`${rule} -j ${names.external}`,
		);
	}
	const masquerade = uses.servesInside ? [`! -s ${podCidr} ${to(clusterIp, "cluster IP")} -j KUBE-MARK-MASQ`] : [];
	const masqueradeIn = (chain: string) => (chain === internal ? masquerade : []);
	const local = endpoints.filter(({ local }) => local);
	return {
		...(uses.external && { [names.external]: external(family, service) }),
		...(uses.firewall && {
			[names.firewall]: [
				...ranges.map((range) => `-s ${range} ${comment(`${name} loadbalancer IP`)} -j ${names.external}`),
				comment(`other traffic to ${name} will be dropped by KUBE-PROXY-FIREWALL`),
			],
		}),
		...(uses.cluster && {
			[names.service]: [...masqueradeIn(names.service), ...balanced(service, endpoints, note)],
		}),
		...(uses.local && { [names.local]: [...masqueradeIn(names.local), ...balanced(service, local, note)] }),
		...Object.fromEntries((uses.cluster ? endpoints : local).map((endpoint) => endpointRules(service, endpoint, note))),
	};
}

function external(family: Family, service: RandomService): string[] {
	const names = serviceChains(service);
	const name = servicePortName(service);
	if (service.externalTrafficPolicy === "Cluster") {
		return [
			`${comment(`masquerade traffic for ${name} external destinations`)} -j KUBE-MARK-MASQ`,
			`-j ${names.service}`,
		];
	}
	return [
		`-s ${addresses[family].podCidr} ${comment(`pod traffic for ${name} external destinations`)} -j ${names.service}`,
		`${comment(`masquerade LOCAL traffic for ${name} external destinations`)} -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ`,
		`${comment(`route LOCAL traffic for ${name} external destinations`)} -m addrtype --src-type LOCAL -j ${names.service}`,
		...(usedChains(service).local ? [`-j ${names.local}`] : []),
	];
}

function balanced(service: RandomService, endpoints: readonly Endpoint[], note: Note): string[] {
	const chosen = endpoints.map((endpoint) => {
		const written = withPort(endpoint.address, endpoint.port);
		return { written, chain: endpointChain(service, written) };
	});
	const leadingTo = (to: string) => note(`${servicePortName(service)} -> ${to}`);
	const remembered = service.affinity
		? chosen.map(
				({ written, chain }) =>
					`${leadingTo(written)}-m recent --name ${chain} --rcheck --seconds 10800 --reap -j ${chain}`,
			)
		: [];
	const drawn = chosen.map(({ written, chain }, index) => {
		const left = chosen.length - index;
		const lots = left > 1 ? `-m statistic --mode random --probability ${(1 / left).toFixed(10)} ` : "";
		return `${leadingTo(written)}${lots}-j ${chain}`;
	});
	return [...remembered, ...drawn];
}

function endpointRules(service: RandomService, endpoint: Endpoint, note: Note): [string, string[]] {
	const to = withPort(endpoint.address, endpoint.port);
	const chain = endpointChain(service, to);
	const own = note(servicePortName(service));
	const recent = service.affinity ? `-m recent --name ${chain} --set ` : "";
	const { protocol } = service;
	return [
		chain,
		[
			`-s ${endpoint.address} ${own}-j KUBE-MARK-MASQ`,
			`-p ${protocol} ${own}${recent}-m ${protocol} -j DNAT --to-destination ${to}`,
		],
	];
}

function filterChains(family: Family, services: readonly RandomService[]): Chains {
	const { loopbackCidr } = addresses[family];
	const isNew = "-m conntrack --ctstate NEW";
	const firewall = `${isNew} ${comment("kubernetes load balancer firewall")} -j KUBE-PROXY-FIREWALL`;
	const portals = `${isNew} ${comment("kubernetes service portals")} -j KUBE-SERVICES`;
	const visible = `${isNew} ${comment("kubernetes externally-visible service portals")} -j KUBE-EXTERNAL-SERVICES`;
	return {
		INPUT: [
			firewall,
			`${comment("kubernetes health check service ports")} -j KUBE-NODEPORTS`,
			visible,
			"-j KUBE-FIREWALL",
		],
		FORWARD: [firewall, `${comment("kubernetes forwarding rules")} -j KUBE-FORWARD`, portals, visible],
		OUTPUT: [firewall, portals, "-j KUBE-FIREWALL"],
		"KUBE-SERVICES": services.flatMap((service) => withoutEndpoints(service, "cluster IP")),
		"KUBE-EXTERNAL-SERVICES": services.flatMap((service) => withoutEndpoints(service, "external")),
		"KUBE-NODEPORTS": [`-p tcp ${comment("default/service-0 health check node port")} -m tcp --dport 32000 -j ACCEPT`],
		"KUBE-PROXY-FIREWALL": services.flatMap(firewalled),
		"KUBE-FORWARD": [
			"-m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP",
			`${comment("kubernetes forwarding rules")} -m mark --mark 0x4000/0x4000 -j ACCEPT`,
			`${comment("kubernetes forwarding conntrack rule")} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
		],
		"KUBE-FIREWALL": [
			`! -s ${loopbackCidr} -d ${loopbackCidr} ${comment("block incoming localnet connections")} -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`,
		],
	};
}

/** For packets that KUBE-FW-… doesn't allow. */
function firewalled(service: RandomService): string[] {
	const { loadBalancer, protocol, port, endpoints } = service;
	if (!loadBalancer || !usedChains(service).firewall || endpoints.length === 0) return [];
	const note = comment(`${servicePortName(service)} traffic not accepted by ${serviceChains(service).firewall}`);
	return [`-d ${loadBalancer.ip} -p ${protocol} ${note} -m ${protocol} --dport ${port} -j DROP`];
}

function withoutEndpoints(service: RandomService, of: "cluster IP" | "external"): string[] {
	const { endpoints, protocol, port, nodePort, clusterIp, externalIp, loadBalancer } = service;
	const { servesInside, servesOutside } = usedChains(service);
	if (of === "external" ? servesOutside : servesInside) return [];
	const [what, target] = endpoints.length === 0 ? ["no endpoints", "REJECT"] : ["no local endpoints", "DROP"];
	const rule = (match: string, port: number) =>
		`${match} -p ${protocol} ${comment(`${servicePortName(service)} has ${what}`)} -m ${protocol} --dport ${port} -j ${target}`;
	if (of === "cluster IP") return [rule(`-d ${clusterIp}`, port)];
	return [
		...[externalIp, loadBalancer?.ip].flatMap((ip) => (ip ? [rule(`-d ${ip}`, port)] : [])),
		...(nodePort ? [rule("-m addrtype --dst-type LOCAL", nodePort)] : []),
	];
}
