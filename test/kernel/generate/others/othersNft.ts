/** Tables of nft with the shapes of firewalld and of an administrator's own rules, at random. */
import type { Family } from "../../../../netfilter/model.ts";
import { addresses, families } from "../../machine/network.ts";
import type { Hidden } from "../../ruleBlocks.ts";
import type { Draw } from "../draw.ts";
import { baseChain, declare, type NftTable } from "../nftTable.ts";
import { sentPorts } from "./othersIptables.ts";

/** Tables of nft's own that others write: firewalld's, and an administrator's. */
export function otherTables(draw: Draw, family: Family, hidden: readonly Hidden[]): NftTable[] {
	const guard = () => administrator(draw, family, hidden);
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
		`meta nfproto ${family} tcp dport ${draw.pick(sentPorts)} ${draw.pick(["redirect to :8080", `dnat ${ip} to ${localPods[0]}`])}`,
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
		`tcp dport { 22, ${draw.pick(sentPorts)} } ct state { new, untracked } accept`,
		"meta l4proto { icmp, ipv6-icmp } accept",
		last(),
	);
	addAll(table, "filter_FWD_public", "meta l4proto { icmp, ipv6-icmp } accept", last());
	return table;
}

function administrator(draw: Draw, family: Family, hidden: readonly Hidden[]): NftTable {
	const areCountsHidden = hidden.includes("counts");
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
			baseChain(
				"guard",
				"filter",
				hook,
				draw.pick(areCountsHidden ? [-200, -150] : [-150, 0, 5]),
				draw.chance(0.3) ? "drop" : "accept",
			),
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
		`${ip} saddr ${nodeCidr} tcp dport ${draw.pick(sentPorts)} accept`,
		`iifname { "eth0", "veth1" } ${ip} daddr ${localPods[0]} drop`,
		`fib daddr type { local, multicast } accept`,
		"fib daddr type != local counter jump log-it",
		...(hook === "prerouting"
			? [
					`fib daddr . iif type != { local, broadcast, multicast } ${draw.pick(["drop", "accept"])}`,
					"fib daddr . iif type unicast jump log-it",
				]
			: []),
		"ct state vmap { established : accept, related : accept, invalid : accept, new : jump log-it }",
		"tcp dport vmap { 22 : accept, 80 : drop, 30040-30041 : accept }",
		`iifname vmap { "eth*" : jump log-it, "veth0" : accept }`,
		`meta l4proto . iifname vmap { tcp . "eth0" : jump log-it, udp . "veth0" : accept }`,
		"tcp flags { syn, fin } counter accept",
		"tcp flags { syn | ack, rst } drop",
		`ct status ${draw.pick(["confirmed", "seen-reply", "assured"])} drop`,
		`ct reply ${ip} saddr ${node} counter accept`,
		`meta l4proto udp ct original proto-dst ${draw.pick(sentPorts)} reject`,
		`fib daddr oifname "veth0" ${draw.pick(["accept", "drop"])}`,
		`${ip} daddr . th dport { ${localPods[0]} . 8080, ${node} . 30040 } ${draw.pick(["accept", "drop"])}`,
		"meta pkttype host counter accept",
		...(hidden.includes("choice")
			? [
					"numgen inc mod 2 vmap { 0 : jump log-it, 1 : accept }",
					"numgen inc mod 2 vmap { 0 : drop, 1 : drop }",
					`meta mark set jhash ${ip} saddr mod 4 seed 0x1`,
					"meta mark & 0x4 == 0x4 drop",
				]
			: []),
		...(areCountsHidden
			? [
					`update @seen { ${ip} saddr limit rate over 100/second } drop`,
					"meta skuid 0 counter accept",
					"quota over 100 mbytes drop",
					"limit rate over 100/second drop",
				]
			: []),
		"udp dport 53 accept",
	];
	addAll(table, "guard", "ct state invalid accept", ...draw.some(choices, 3, 9));
	if (draw.chance(0.3))
		addAll(table, "post", draw.pick(["ct mark 0x7 meta mark set 0x4000", 'oifname "eth0" counter accept']));
	return table;
}
