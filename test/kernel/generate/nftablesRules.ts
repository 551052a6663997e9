/** nftables rules that other programs than kube-proxy write: every statement that can be evaluated, at random. */
import type { Family } from "../../../netfilter/model.ts";
import { addresses, families } from "../machine/network.ts";
import { bothFamilies, rejections } from "../machine/rejections.ts";
import type { Draw } from "./draw.ts";
import { baseChain, type Declaration, declare, type NftTable } from "./nftTable.ts";
import { type Stage, Stranger, stages } from "./stranger.ts";

const bases: { stage: Stage; type: string; hook: string; priorities: number[] }[] = [
	{ stage: "filter", type: "filter", hook: "prerouting", priorities: [-300, -150, -110, 0] },
	{ stage: "filter", type: "filter", hook: "input", priorities: [-10, 0, 0, 10] },
	{ stage: "filter", type: "filter", hook: "forward", priorities: [-10, 0, 0, 10] },
	{ stage: "filter", type: "filter", hook: "output", priorities: [-150, -110, 0] },
	{ stage: "destination", type: "nat", hook: "prerouting", priorities: [-110, -100, -90] },
	{ stage: "destination", type: "nat", hook: "output", priorities: [-110, -100, -90] },
	{ stage: "source", type: "nat", hook: "postrouting", priorities: [90, 100, 110] },
];

/** A separate table next to kube-proxy's: each packet passes both, in the order of their chains' priorities. */
export function strangeTable(draw: Draw, family: Family): NftTable {
	const table: NftTable = {
		family: draw.chance(0.3) ? "inet" : families[family].nft,
		name: "strange",
		declarations: strangeSets(draw, family),
		rules: [],
		elements: [],
	};
	for (const stage of stages) new NftablesStranger(draw, family, stage, table).fill();
	return table;
}

function strangeSets(draw: Draw, family: Family): Declaration[] {
	const { podCidr, nodeCidr, externalCidr, localPods, node } = addresses[family];
	const address = `${family}_addr`;
	return [
		declare(
			"set",
			"ranges",
			`type ${address}; flags interval; elements = { ${draw.some([podCidr, nodeCidr, externalCidr], 1, 3).join(", ")} }`,
		),
		declare(
			"set",
			"ports",
			`type inet_service; flags interval; elements = { ${draw.some(["53", "80-443", "8080", "30000-30040"], 1, 4).join(", ")} }`,
		),
		declare(
			"set",
			"pairs",
			`type ${address} . inet_service; elements = { ${[...localPods, node].map((one) => `${one} . ${draw.pick([53, 80, 8080, 30_040])}`).join(", ")} }`,
		),
		declare(
			"map",
			"marks",
			`type ${address} : mark; elements = { ${localPods.map((one, index) => `${one} : 0x${index + 1}`).join(", ")} }`,
		),
	];
}

class NftablesStranger extends Stranger {
	private readonly table: NftTable;
	private readonly ip: string;

	constructor(draw: Draw, family: Family, stage: Stage, table: NftTable) {
		super(draw, family, stage, `${stage}-`);
		this.table = table;
		this.ip = families[family].nft;
	}

	fill(): void {
		const { draw, stage, table } = this;
		table.declarations.push(...this.chains.map((chain) => declare("chain", chain)));
		for (const base of draw.some(
			bases.filter((base) => base.stage === stage),
			0,
			3,
		)) {
			const name = `strange-${base.type}-${base.hook}`;
			const policy = stage === "filter" && draw.chance(0.1) ? "drop" : "accept";
			table.declarations.push(baseChain(name, base.type, base.hook, draw.pick(base.priorities), policy));
			// Lets all answers arrive. Before priority -200, a packet has no connection state.
			if (base.hook === "output")
				table.rules.push({ chain: name, rule: "ct state established,related,invalid accept" });
			if (base.hook === "prerouting" && stage === "filter" && draw.chance(0.3)) {
				table.rules.push({ chain: name, rule: "udp dport 53 notrack" });
			}
			this.add(name, this.rules(this.chains));
		}
		for (const [chain, rules] of this.ownRules()) this.add(chain, rules);
	}

	private add(chain: string, rules: readonly string[]): void {
		this.table.rules.push(...rules.map((rule) => ({ chain, rule })));
	}

	protected rule(callable: readonly string[]): string {
		const { draw } = this;
		const ending = draw.chance(0.2) ? this.verdictMap(callable) : draw.pick(this.endings(callable));
		const needsProtocol = /(dnat|snat) .*(:\d|\. \d)|tcp reset/.test(ending);
		const protocol = ending.includes("tcp reset") ? "tcp" : draw.pick(["tcp", "udp"]);
		// A map without the packet's element ends the rule, and the trace doesn't show what the rule did before that.
		const changes = !/map/.test(ending) && draw.chance(0.2) ? [draw.pick(this.marks())] : [];
		// nft uses the last match of the protocol, and refuses a statement that doesn't fit it.
		const conditions = this.conditions(protocol).filter((one) => !(needsProtocol && one.startsWith("meta l4proto")));
		const parts = [
			...(needsProtocol ? [`meta l4proto ${protocol}`] : []),
			...draw.some(conditions, 0, 2),
			...this.randomly(),
			...(draw.chance(0.1) ? ["counter"] : []),
			...changes,
			ending === "" ? "counter" : ending,
			...(draw.chance(0.2) ? ['comment "a strange one"'] : []),
		];
		return parts.join(" ");
	}

	private randomly(): string[] {
		const { draw } = this;
		if (!this.drawsLots()) return [];
		return [
			draw.pick([
				"numgen random mod 4 < 1",
				"numgen random mod 3 != 1",
				"numgen random mod 10 offset 5 >= 9",
				"numgen random mod 5 { 0, 3-4 }",
			]),
		];
	}

	private conditions(protocol: string): string[] {
		const { draw, ip } = this;
		const { podCidr, localPodCidr, clusterIpCidr, nodeCidr, loopbackCidr, node, localPods, outside } =
			addresses[this.family];
		const not = () => draw.pick(["", "", "!= "]);
		const cidr = () => draw.pick([podCidr, localPodCidr, clusterIpCidr, nodeCidr, loopbackCidr]);
		const port = () => draw.pick(["80", "53", "30040", "30000-32767", "{ 80, 443, 1000-9000 }", "@ports"]);
		return [
			`${ip} saddr ${not()}${draw.pick([cidr(), ...localPods, ...outside, "@ranges"])}`,
			`${ip} daddr ${not()}${draw.pick([cidr(), node, "@ranges", `{ ${podCidr}, ${node} }`, `${localPods[0]}-${localPods[2]}`])}`,
			`${protocol} dport ${not()}${port()}`,
			`th dport ${draw.pick(["< 1024", ">= 30000", "<= 80", "> 443"])}`,
			`${protocol} sport ${not()}20000-20025`,
			`meta l4proto ${draw.pick([protocol, `!= ${protocol}`, "{ tcp, udp }"])}`,
			`${draw.pick(["iifname", "oifname"])} ${not()}${draw.pick(['"eth0"', '"veth0"', '"lo"', '"eth*"', '{ "eth0", "lo" }'])}`,
			`meta mark ${draw.pick(["0x4000", "!= 0x4000", "0x0-0xff", "{ 0x0, 0x1 }"])}`,
			`meta mark & ${draw.pick(["0x4000 == 0x4000", "0x4000 != 0", "0xff == 0x1"])}`,
			`fib ${draw.pick(["saddr", "daddr"])} type ${draw.pick(["local", "!= local", "{ local, multicast }"])}`,
			`ct state ${draw.pick(["new", "!= new", "established,related", "{ new, established }", "invalid"])}`,
			`ct status ${draw.pick(["dnat", "snat"])}`,
			`${ip} daddr . th dport @pairs`,
			`${ip} saddr . meta l4proto { ${localPods[0]} . tcp, ${localPods[1]} . udp, ${node} . tcp }`,
		];
	}

	private marks(): string[] {
		const { draw, ip } = this;
		const bits = draw.pick(["0x4000", "0x1", "0xf0"]);
		return [
			`meta mark set ${bits}`,
			`meta mark set meta mark | ${bits}`,
			`meta mark set meta mark & 0xffffbfff ^ ${bits}`,
			`meta mark set ${ip} saddr map @marks`,
		];
	}

	private verdictMap(callable: readonly string[]): string {
		const { draw } = this;
		const verdicts = [
			"accept",
			"return",
			"continue",
			...callable.flatMap((chain) => [`jump ${chain}`, `goto ${chain}`]),
		];
		const verdict = () => draw.pick(verdicts);
		return draw.pick([
			`ct state vmap { new : ${verdict()}, established : accept }`,
			`meta l4proto . th dport vmap { tcp . 80 : ${verdict()}, udp . 53 : ${verdict()}, tcp . 30040 : ${verdict()} }`,
			`${this.ip} saddr vmap { ${addresses[this.family].podCidr} : ${verdict()}, ${addresses[this.family].nodeCidr} : ${verdict()} }`,
			`meta mark vmap { 0x1 : ${verdict()}, 0x4000 : ${verdict()} }`,
			`iifname vmap { "eth0" : ${verdict()}, "veth0" : ${verdict()} }`,
		]);
	}

	private endings(callable: readonly string[]): string[] {
		const { draw, family, stage, ip } = this;
		const { localPods, remotePods, node } = addresses[family];
		const calls = callable.flatMap((chain) => [`jump ${chain}`, `goto ${chain}`]);
		const common = [...calls, ...calls, "return", "accept", "continue", "", ...this.marks()];
		const [one = "", two = ""] = draw.shuffled([...localPods, ...remotePods]);
		const bracketed = family === "ipv6" ? `[${one}]` : one;
		if (stage === "destination") {
			return [
				...common,
				`dnat ${ip} to ${one}`,
				`dnat ${ip} to ${bracketed}:8081`,
				`dnat ${ip} to numgen random mod 3 map { 0 : ${one} . 8080, 1-2 : ${two} . 8081 }`,
				`dnat ${ip} to ${ip} daddr . th dport map { ${node} . 30040 : ${one} . 80, ${node} . 30041 : ${two} . 53 }`,
			];
		}
		if (stage === "source") return [...common, "masquerade", "masquerade random", `snat ${ip} to ${node}`];
		const codes = [...rejections[family].map(({ nft }) => nft), ...(this.table.family === "inet" ? bothFamilies : [])];
		return [...common, "drop", "reject", `reject with ${draw.pick(codes)}`, "reject with tcp reset"];
	}
}
