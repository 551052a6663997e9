/** Random Services as kube-proxy's iptables mode writes them (pkg/proxy/iptables/proxier.go), and strange rules between. */
import type { Family } from "../../../verification/model.ts";
import { parseAddress, withPort } from "../../../verification/rules/address.ts";
import { endpointChain, serviceChains } from "../../../verification/rules/iptables/names.ts";
import { servicePortName } from "../../../verification/rules/service.ts";
import { addresses } from "../network.ts";
import type { RuleSet } from "../ruleset.ts";
import type { Draw } from "./draw.ts";
import { type Chains, strangeRules } from "./iptablesRules.ts";
import type { Endpoint, RandomService } from "./services.ts";

/** What the trace is asked for: not the node's own answers, which have ACK set or are of ICMP. */
const traced = ["-p tcp -m tcp --tcp-flags ACK NONE -j TRACE", "-p udp -j TRACE"];

export function randomIptables(draw: Draw, family: Family, services: readonly RandomService[]): RuleSet {
	const nat = natChains(family, services);
	const filter = filterChains(family, services);
	strangeRules(draw, family, { nat, filter });
	// What a packet is answered with shall always arrive.
	filter.OUTPUT?.unshift("-m conntrack --ctstate RELATED,ESTABLISHED,INVALID -j ACCEPT");
	const untracked = draw.chance(0.2) ? ["-A PREROUTING -p udp -m udp --dport 53 -j CT --notrack"] : [];
	// Connection tracking stays on when shrinking takes out the rules that need it; else the kernel asks no chain of nat.
	const tracking = [":NEVER-ASKED - [0:0]", "-A NEVER-ASKED -m conntrack --ctstate NEW"];
	const trace = ["PREROUTING", "OUTPUT"].flatMap((chain) => traced.map((rule) => `-A ${chain} ${rule}`));
	const blocks = Object.entries({ nat, filter }).map(([table, chains]) => ({
		opening: [`*${table}`],
		lines: [
			...Object.keys(chains).map((chain) => `:${chain} ${builtIn.has(chain) ? "ACCEPT" : "-"} [0:0]`),
			...Object.entries(chains).flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)),
		],
		closing: ["COMMIT"],
	}));
	return {
		tool: "iptables",
		family,
		blocks: [{ opening: ["*raw", ...tracking, ...trace], lines: untracked, closing: ["COMMIT"] }, ...blocks],
	};
}

const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

const comment = (text: string): string => `-m comment --comment "${text}"`;

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
	for (const service of services) Object.assign(chains, serviceNat(family, service, chains));
	chains["KUBE-SERVICES"]?.push(
		`${comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")} ! -d ${loopbackCidr} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
		`-d ${loopbackCidr} -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS`,
	);
	return chains;
}

/** The chains of one Service; the rules that lead to them are appended to those that there are. */
function serviceNat(
	family: Family,
	service: RandomService,
	{ "KUBE-SERVICES": portals = [], "KUBE-NODEPORTS": nodePorts = [] }: Chains,
): Chains {
	const { clusterIp, protocol, port, nodePort, externalIp, loadBalancer, endpoints } = service;
	if (endpoints.length === 0) return {};
	const { podCidr, loopbackCidr } = addresses[family];
	const names = serviceChains(service);
	const name = servicePortName(service);
	const to = (address: string, what: string) =>
		`-d ${address} -p ${protocol} ${comment(`${name} ${what}`)} -m ${protocol} --dport ${port}`;
	const internal = service.internalTrafficPolicy === "Local" ? names.local : names.service;
	portals.push(`${to(clusterIp, "cluster IP")} -j ${internal}`);
	if (externalIp) portals.push(`${to(externalIp, "external IP")} -j ${names.external}`);
	const ranges = loadBalancer?.sourceRanges ?? [];
	if (loadBalancer)
		portals.push(`${to(loadBalancer.ip, "loadbalancer IP")} -j ${ranges.length > 0 ? names.firewall : names.external}`);
	if (nodePort) {
		const rule = `-p ${protocol} ${comment(name)} -m ${protocol} --dport ${nodePort}`;
		nodePorts.push(
			`-d ${loopbackCidr} ${rule} -m nfacct --nfacct-name localhost_nps_accepted_pkts -j ${names.external}`,
			`${rule} -j ${names.external}`,
		);
	}
	const masquerade = `! -s ${podCidr} ${to(clusterIp, "cluster IP")} -j KUBE-MARK-MASQ`;
	const local = endpoints.filter(({ local }) => local);
	return {
		[names.external]: external(family, service),
		...(ranges.length > 0 && {
			[names.firewall]: [
				...ranges.map((range) => `-s ${range} ${comment(`${name} loadbalancer IP`)} -j ${names.external}`),
				comment(`other traffic to ${name} will be dropped by KUBE-PROXY-FIREWALL`),
			],
		}),
		[names.service]: [masquerade, ...balanced(service, endpoints)],
		[names.local]: [masquerade, ...balanced(service, local)],
		...Object.fromEntries(endpoints.map((endpoint) => endpointRules(service, endpoint))),
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
		`-j ${names.local}`,
	];
}

function balanced(service: RandomService, endpoints: readonly Endpoint[]): string[] {
	const chosen = endpoints.map((endpoint) => ({
		written: written(endpoint),
		chain: endpointChain(service, written(endpoint)),
	}));
	const note = (to: string) => comment(`${servicePortName(service)} -> ${to}`);
	const remembered = service.affinity
		? chosen.map(
				({ written, chain }) =>
					`${note(written)} -m recent --name ${chain} --rcheck --seconds 10800 --reap -j ${chain}`,
			)
		: [];
	const drawn = chosen.map(({ written, chain }, index) => {
		const left = chosen.length - index;
		const lots = left > 1 ? ` -m statistic --mode random --probability ${(1 / left).toFixed(10)}` : "";
		return `${note(written)}${lots} -j ${chain}`;
	});
	return [...remembered, ...drawn];
}

function endpointRules(service: RandomService, endpoint: Endpoint): [string, string[]] {
	const to = written(endpoint);
	const chain = endpointChain(service, to);
	const note = comment(servicePortName(service));
	const recent = service.affinity ? ` -m recent --name ${chain} --set` : "";
	const { protocol } = service;
	return [
		chain,
		[
			`-s ${endpoint.address} ${note} -j KUBE-MARK-MASQ`,
			`-p ${protocol} ${note}${recent} -m ${protocol} -j DNAT --to-destination ${to}`,
		],
	];
}

export function written({ address, port }: Endpoint): string {
	const parsed = parseAddress(address);
	if (!parsed) throw new Error(`"${address}" is no address`);
	return withPort(parsed, port);
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
		"KUBE-PROXY-FIREWALL": services.flatMap(({ loadBalancer, protocol, port, ...service }) =>
			loadBalancer && loadBalancer.sourceRanges.length > 0
				? [
						`-d ${loadBalancer.ip} -p ${protocol} ${comment(`${servicePortName(service)} traffic not accepted by firewall`)} -m ${protocol} --dport ${port} -j DROP`,
					]
				: [],
		),
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

function withoutEndpoints(service: RandomService, of: "cluster IP" | "external"): string[] {
	const { endpoints, protocol, port, nodePort, clusterIp, externalIp, externalTrafficPolicy, internalTrafficPolicy } =
		service;
	const policy = of === "external" ? externalTrafficPolicy : internalTrafficPolicy;
	const some = endpoints.some(({ local }) => local || policy === "Cluster");
	if (some) return [];
	const [what, target] = endpoints.length === 0 ? ["no endpoints", "REJECT"] : ["no local endpoints", "DROP"];
	const rule = (match: string, port: number) =>
		`${match} -p ${protocol} ${comment(`${servicePortName(service)} has ${what}`)} -m ${protocol} --dport ${port} -j ${target}`;
	if (of === "cluster IP") return [rule(`-d ${clusterIp}`, port)];
	return [
		...(externalIp ? [rule(`-d ${externalIp}`, port)] : []),
		...(nodePort ? [rule("-m addrtype --dst-type LOCAL", nodePort)] : []),
	];
}
