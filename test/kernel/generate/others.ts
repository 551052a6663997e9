/** Rules with the shapes of firewalld, Docker, ufw, Calico, the VPC CNI and administrators, at random. */
import type { Family } from "../../../netfilter/model.ts";
import { addresses, families } from "../machine/network.ts";
import type { Draw } from "./draw.ts";
import type { Chains } from "./iptablesTable.ts";
import { baseChain, declare, type NftTable } from "./nftTable.ts";

/** Ports that packets are sent to (probes.ts). */
const services = [80, 8080, 30_040, 30_041, 53, 443];

/** Rules of iptables by table; chains that start with a policy are base chains. */
export type Tables = Record<"raw" | "mangle" | "nat" | "filter", Chains>;

export const emptyTables = (): Tables => ({
	raw: { PREROUTING: [], OUTPUT: [] },
	mangle: { PREROUTING: [], INPUT: [], FORWARD: [], OUTPUT: [], POSTROUTING: [] },
	nat: { PREROUTING: [], INPUT: [], OUTPUT: [], POSTROUTING: [] },
	filter: { INPUT: [], FORWARD: [], OUTPUT: [] },
});

/** Adds the rules of some of these programs. */
export function addOthers(draw: Draw, family: Family, tables: Tables): void {
	for (const add of draw.some(programs, 1, 3)) add(draw, family, tables);
}

type Program = (draw: Draw, family: Family, tables: Tables) => void;

const append = (chains: Chains, chain: string, ...rules: string[]) => {
	chains[chain] = [...(chains[chain] ?? []), ...rules];
};

const docker: Program = (draw, family, { raw, nat, filter }) => {
	const { podCidr, localPods, loopbackCidr } = addresses[family];
	const container = draw.pick(localPods);
	const port = draw.pick(services);
	const bracketed = family === "ipv6" ? `[${container}]` : container;
	const bridge = draw.pick(["docker0", "veth0"]);
	append(nat, "DOCKER", `! -i ${bridge} -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${bracketed}:8080`);
	append(nat, "PREROUTING", "-m addrtype --dst-type LOCAL -j DOCKER");
	append(nat, "OUTPUT", `! -d ${loopbackCidr} -m addrtype --dst-type LOCAL -j DOCKER`);
	append(nat, "POSTROUTING", `-s ${container} ! -o ${bridge} -j MASQUERADE`);
	append(
		filter,
		"DOCKER-USER",
		draw.pick(["-j RETURN", `-s ${podCidr} -j RETURN`, "-i eth0 -p tcp -m tcp --dport 8080 -j DROP"]),
	);
	append(
		filter,
		"DOCKER",
		`-d ${container} ! -i ${bridge} -o ${bridge} -p tcp -m tcp --dport 8080 -j ACCEPT`,
		`! -i ${bridge} -o ${bridge} -j DROP`,
	);
	append(
		filter,
		"FORWARD",
		"-j DOCKER-USER",
		`-o ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
		`-o ${bridge} -j DOCKER`,
		`-i ${bridge} ! -o ${bridge} -j ACCEPT`,
	);
	if (draw.chance(0.5)) append(raw, "PREROUTING", `-d ${container} ! -i ${bridge} -j DROP`);
};

const ufw: Program = (draw, family, { filter }) => {
	const { nodeCidr } = addresses[family];
	const icmp = family === "ipv4" ? "-p icmp -m icmp --icmp-type 8" : "-p ipv6-icmp -m icmp6 --icmpv6-type 128";
	append(filter, "UFW-LOG", '-m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW BLOCK] "');
	append(
		filter,
		"UFW-INPUT",
		"-i lo -j ACCEPT",
		"-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		"-m conntrack --ctstate INVALID -j UFW-LOG",
		...(draw.chance(0.5) ? ["-m conntrack --ctstate INVALID -j DROP"] : []),
		`${icmp} -j ACCEPT`,
		`-p tcp -m tcp --dport ${draw.pick(services)} -j ACCEPT`,
		`-s ${nodeCidr} -j ${draw.pick(["ACCEPT", "RETURN", "UFW-LOG"])}`,
		"-m addrtype --dst-type MULTICAST -j RETURN",
		"-j UFW-LOG",
		draw.pick(["-j DROP", "-j REJECT", "-m limit --limit 3/min --limit-burst 10 -j RETURN"]),
	);
	append(filter, "INPUT", "-j UFW-INPUT");
	if (draw.chance(0.3)) append(filter, "FORWARD", `${icmp} -j DROP`, "-j UFW-LOG");
};

const calico: Program = (draw, family, { raw, mangle, filter }) => {
	const { localPodCidr } = addresses[family];
	const pods = draw.pick(["cali+", "veth+", "veth0"]);
	append(
		raw,
		"cali-PREROUTING",
		"-j MARK --set-xmark 0x0/0xf0000",
		`-i ${pods} -j MARK --set-xmark 0x40000/0x40000`,
		`-m mark --mark 0x40000/0x40000 -m rpfilter --validmark --invert -j ${draw.pick(["DROP", "RETURN"])}`,
		"-m mark --mark 0x10000/0x10000 -j ACCEPT",
	);
	append(raw, "PREROUTING", "-j cali-PREROUTING");
	append(
		mangle,
		"PREROUTING",
		"-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
		"-m mark --mark 0x10000/0x10000 -j ACCEPT",
	);
	append(
		filter,
		"cali-FORWARD",
		"-j MARK --set-xmark 0x0/0xe0000",
		`-i ${pods} -j MARK --set-xmark 0x20000/0x20000`,
		`-o ${pods} -d ${localPodCidr} -j MARK --set-xmark 0x10000/0x10000`,
		`-m mark --mark 0x20000/0x30000 -j ${draw.pick(["DROP", "RETURN", "REJECT"])}`,
	);
	append(filter, "FORWARD", "-j cali-FORWARD", "-m mark --mark 0x10000/0x10000 -j ACCEPT");
};

const vpc: Program = (draw, family, { mangle, nat }) => {
	const { podCidr, node } = addresses[family];
	const limited = draw.pick(["--limit-iface-in", ""]);
	append(
		mangle,
		"PREROUTING",
		`-i eth0 -m addrtype --dst-type LOCAL ${limited} -j CONNMARK --set-xmark 0x80/0x80`.replace(/ {2,}/g, " "),
		"-i veth+ -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80",
		`-m connmark ${draw.pick(["", "! "])}--mark 0x80/0x80 -j MARK --set-xmark 0x100/0x100`,
	);
	append(
		nat,
		"AWS-SNAT",
		`-d ${podCidr} -j RETURN`,
		`! -o lo -m addrtype ! --dst-type LOCAL -j SNAT --to-source ${node}${draw.pick(["", " --random-fully"])}`,
	);
	append(nat, "POSTROUTING", "-j AWS-SNAT");
};

/** What reroutes to the node itself, and the matches that ask for the connection. */
const redirects: Program = (draw, family, { nat, filter }) => {
	const { node, outside, localPods } = addresses[family];
	const port = draw.pick(services);
	const target = draw.pick(["REDIRECT --to-ports 15001", "REDIRECT", `DNAT --to-destination ${localPods[0]}`]);
	append(nat, draw.pick(["PREROUTING", "OUTPUT"]), `-p tcp -m tcp --dport ${port} -j ${target}`);
	const chain = draw.pick(["INPUT", "FORWARD"]);
	append(
		filter,
		chain,
		draw.pick([
			`-m conntrack --ctorigdst ${node} -j DROP`,
			`-m conntrack ! --ctorigdst ${node} -j RETURN`,
			`-m conntrack --ctorigsrc ${outside[0]} -j DROP`,
			`-p tcp -m conntrack --ctorigdstport ${port} -j DROP`,
			"-m conntrack --ctdir REPLY -j DROP",
			"-m conntrack --ctstatus SEEN_REPLY -j DROP",
			`-m ${chain === "INPUT" ? "socket" : "physdev --physdev-is-in"} -j DROP`,
			"-m physdev --physdev-is-bridged -j DROP",
			"-m pkttype --pkt-type broadcast -j DROP",
			"-m addrtype ! --dst-type UNICAST -j DROP",
			"-m addrtype --dst-type BROADCAST,LOCAL -j RETURN",
		]),
	);
};

const programs: Program[] = [docker, ufw, calico, vpc, redirects];

/** Tables of nft's own that others write: firewalld's, and an administrator's. */
export function otherTables(draw: Draw, family: Family, areCountsHidden: boolean): NftTable[] {
	const guard = () => administrator(draw, family, areCountsHidden);
	return draw.some([() => firewalld(draw, family), guard], 1, 2).map((make) => make());
}

const addAll = (table: NftTable, chain: string, ...rules: string[]) =>
	table.rules.push(...rules.map((rule) => ({ chain, rule })));

function firewalld(draw: Draw, family: Family): NftTable {
	const { localPods } = addresses[family];
	const ip = families[family].nft;
	const last = () => draw.pick(["reject with icmpx type admin-prohibited", "accept", "return"]);
	const table: NftTable = {
		family: "inet",
		name: "firewalld",
		declarations: [
			baseChain("nat_PREROUTING", "nat", "prerouting", draw.pick([-90, -100])),
			baseChain("nat_POSTROUTING", "nat", "postrouting", draw.pick([110, 100])),
			baseChain("filter_PREROUTING", "filter", "prerouting", 10),
			baseChain("filter_INPUT", "filter", "input", 10),
			baseChain("filter_FORWARD", "filter", "forward", 10),
			baseChain("filter_OUTPUT", "filter", "output", 10),
			...["nat_PRE_public", "nat_POST_public", "filter_IN_public", "filter_FWD_public"].map((name) =>
				declare("chain", name),
			),
		],
		rules: [],
		elements: [],
	};
	const known = ["ct state { established, related } accept", "ct status dnat accept", 'iifname "lo" accept'];
	addAll(table, "nat_PREROUTING", 'iifname "eth0" goto nat_PRE_public', "goto nat_PRE_public");
	addAll(table, "nat_POSTROUTING", 'oifname "veth0" goto nat_POST_public', "goto nat_POST_public");
	addAll(
		table,
		"nat_PRE_public",
		`meta nfproto ${family} tcp dport ${draw.pick(services)} ${draw.pick(["redirect to :8080", `dnat ${ip} to ${localPods[0]}`])}`,
	);
	addAll(table, "nat_POST_public", `meta nfproto ${family} oifname != "lo" masquerade`);
	addAll(
		table,
		"filter_PREROUTING",
		"icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept",
		`meta nfproto ${family} fib saddr . iif oif missing ${draw.pick(["drop", "accept"])}`,
	);
	addAll(
		table,
		"filter_INPUT",
		...known.slice(0, draw.number(1, 3)),
		"ct state invalid accept",
		'iifname "eth0" goto filter_IN_public',
		"goto filter_IN_public",
		last(),
	);
	addAll(
		table,
		"filter_FORWARD",
		...known.slice(0, draw.number(1, 3)),
		"ct state invalid accept",
		'iifname "eth0" jump filter_FWD_public',
		last(),
	);
	addAll(table, "filter_OUTPUT", "ct state { established, related, invalid } accept", 'oifname "lo" accept');
	addAll(
		table,
		"filter_IN_public",
		`tcp dport { 22, ${draw.pick(services)} } ct state { new, untracked } accept`,
		"meta l4proto { icmp, ipv6-icmp } accept",
		last(),
	);
	addAll(table, "filter_FWD_public", "meta l4proto { icmp, ipv6-icmp } accept", last());
	return table;
}

function administrator(draw: Draw, family: Family, areCountsHidden: boolean): NftTable {
	const { outside, nodeCidr, localPods, node } = addresses[family];
	const ip = families[family].nft;
	const hook = draw.pick(["prerouting", "input", "forward"]);
	const table: NftTable = {
		family: draw.pick(["inet", ip]),
		name: "admin",
		declarations: [
			declare(
				"set",
				"blocked",
				`type ${family}_addr; elements = { ${draw.some(outside, 0, 2).join(", ") || "::"} }`.replace(
					"{ :: }",
					family === "ipv4" ? "{ 192.0.2.99 }" : "{ 2001:db8:ffff::1 }",
				),
			),
			declare("set", "seen", `type ${family}_addr; flags dynamic; size 1000;`),
			baseChain("guard", "filter", hook, draw.pick([-200, -150, 0, 5]), draw.chance(0.3) ? "drop" : "accept"),
			baseChain("out", "filter", "output", 0),
			baseChain("post", "filter", "postrouting", draw.pick([0, 200])),
			declare("chain", "log-it"),
		],
		rules: [],
		elements: [],
	};
	addAll(table, "log-it", 'limit rate 10/minute log prefix "drop: "', "counter");
	addAll(table, "out", "ct state { established, related, invalid } accept");
	const choices = [
		`${ip} saddr @blocked ${draw.pick(["drop", "jump log-it", "counter reject"])}`,
		`add @seen { ${ip} saddr }`,
		`update @seen { ${ip} saddr limit rate over 100/second } drop`,
		"tcp flags syn tcp option maxseg size set 1400",
		"tcp flags & (fin|syn|rst|ack) == syn jump log-it",
		"tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0 drop",
		"tcp flags != syn counter",
		`ct mark set ${draw.pick(["0x7", "meta mark", "0x80"])}`,
		`ct mark ${draw.pick(["0x7", "!= 0x80"])} meta mark set 0x200`,
		"meta mark set ct mark",
		`ct original ${ip} daddr ${node} counter accept`,
		"ct direction reply drop",
		"icmp type echo-request drop",
		"icmpv6 type != echo-request drop",
		"meta pkttype broadcast drop",
		`${ip} saddr ${nodeCidr} tcp dport ${draw.pick(services)} accept`,
		`iifname { "eth0", "veth1" } ${ip} daddr ${localPods[0]} drop`,
		`fib daddr type { local, multicast } accept`,
		"fib daddr type != local counter jump log-it",
		"ct state vmap { established : accept, related : accept, invalid : accept, new : jump log-it }",
		"tcp dport vmap { 22 : accept, 80 : drop, 30040-30041 : accept }",
		...(areCountsHidden
			? ["meta skuid 0 counter accept", "quota over 100 mbytes drop", "limit rate over 100/second drop"]
			: []),
		"udp dport 53 accept",
	];
	addAll(table, "guard", "ct state invalid accept", ...draw.some(choices, 3, 9));
	if (draw.chance(0.3))
		addAll(table, "post", draw.pick(["ct mark 0x7 meta mark set 0x4000", 'oifname "eth0" counter accept']));
	return table;
}
