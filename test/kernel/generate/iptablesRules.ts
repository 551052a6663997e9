/** Rules that other programs than kube-proxy write: every match and target that can be evaluated, at random. */
import type { Family } from "../../../netfilter/model.ts";
import { addresses } from "../machine/network.ts";
import { rejections } from "../machine/rejections.ts";
import type { Block } from "../ruleBlocks.ts";
import type { Draw } from "./draw.ts";
import { blocksOf, type Chains, comment } from "./iptablesTable.ts";
import { type Stage, Stranger } from "./stranger.ts";

/** Lets all answers arrive. */
export const answersPass = "-m conntrack --ctstate RELATED,ESTABLISHED,INVALID -j ACCEPT";

/** The rules of a node next to kube-proxy's nftables: those of the pod network, and others. */
export function randomPodNetwork(draw: Draw, family: Family): Block[] {
	const { podCidr } = addresses[family];
	const nat: Chains = {
		PREROUTING: [],
		INPUT: [],
		OUTPUT: [],
		POSTROUTING: [`-s ${podCidr} ! -d ${podCidr} ${comment("pod-network")} -j MASQUERADE`],
	};
	const filter: Chains = { INPUT: [], FORWARD: [], OUTPUT: [] };
	strangeRules(draw, family, { nat, filter });
	filter.OUTPUT?.unshift(answersPass);
	return blocksOf({ nat, filter });
}

/** Adds other rules between the existing ones, and other chains that rules jump to. */
export function strangeRules(draw: Draw, family: Family, { nat, filter }: { nat: Chains; filter: Chains }): void {
	// MASQUERADE is allowed only in chains that POSTROUTING alone leads to, DNAT only in those of PREROUTING and OUTPUT.
	const ofSource = ["POSTROUTING", "KUBE-POSTROUTING"].filter((chain) => chain in nat);
	const ofDestination = Object.keys(nat).filter((chain) => ![...ofSource, "INPUT", "KUBE-MARK-MASQ"].includes(chain));
	new IptablesStranger(draw, family, "destination").disturb(nat, ofDestination);
	new IptablesStranger(draw, family, "source").disturb(nat, ofSource);
	new IptablesStranger(draw, family, "filter").disturb(filter, Object.keys(filter));
}

/** iptables refuses the other one in these chains. */
const interfaceOption: Record<string, "-i" | "-o"> = { PREROUTING: "-i", INPUT: "-i", OUTPUT: "-o", POSTROUTING: "-o" };

/** In kube-proxy's chains, these would show that the tool is older than the rules: then the walk knows nothing of them. */
function hasLostConditions(chain: string, rule: string): boolean {
	if (chain === "KUBE-NODEPORTS" || chain === "KUBE-SERVICES")
		return / -[jg] DNAT/.test(` ${rule}`) && !/--dports? /.test(rule);
	if (chain !== "KUBE-FORWARD" && chain !== "KUBE-POSTROUTING") return false;
	return /^(-m comment --comment ".*" )?-j (ACCEPT|DROP|RETURN)$/.test(rule);
}

class IptablesStranger extends Stranger {
	constructor(draw: Draw, family: Family, stage: Stage) {
		super(draw, family, stage, `STRANGE-${stage.toUpperCase()}-`);
	}

	disturb(chains: Chains, existing: readonly string[]): void {
		const { draw } = this;
		Object.assign(chains, Object.fromEntries(this.ownRules()));
		for (const chain of draw.some(existing, 0, 6)) {
			const rules = chains[chain] ?? [];
			const rule = this.rule(this.chains, interfaceOption[chain]);
			if (!hasLostConditions(chain, rule)) rules.splice(draw.number(0, rules.length), 0, rule);
		}
	}

	protected rule(callable: readonly string[], interfaces?: "-i" | "-o"): string {
		const target = this.target(callable);
		const needsPort = / (DNAT|MASQUERADE|REJECT --reject-with tcp)/.test(` ${target}`) && /:\d|tcp-reset/.test(target);
		const protocol = needsPort ? (target.includes("tcp-reset") ? "tcp" : this.draw.pick(["tcp", "udp"])) : undefined;
		return [...this.matches(protocol, interfaces), target].filter((part) => part !== "").join(" ");
	}

	private matches(wanted: string | undefined, interfaces: "-i" | "-o" | undefined): string[] {
		const { draw } = this;
		const protocol = wanted ?? draw.pick(["tcp", "udp", ""]);
		const own = protocol === "" ? [] : [`-p ${protocol}`, ...draw.some(this.ports(protocol), 0, 1)];
		const others = draw.some(this.conditions(interfaces), 0, 2);
		if (this.drawsLots()) {
			others.push(
				`-m statistic --mode random ${this.not()}--probability ${draw.pick(["0.25", "0.5", "0.3333333333", "0.9"])}`,
			);
		}
		return [...own, ...others];
	}

	private not(): string {
		return this.draw.chance(0.3) ? "! " : "";
	}

	private ports(protocol: string): string[] {
		const { draw } = this;
		const ports = () => draw.pick(["80", "53", "8080", "30040", "30000:32767", "0:1023", "443:"]);
		return [
			`-m ${protocol} ${this.not()}--dport ${ports()}`,
			`-m ${protocol} ${this.not()}--sport ${draw.pick(["1024:40000", "40001:65535"])}`,
			`-m multiport ${this.not()}--dports ${draw.pick(["80,443", "53,8080:8090", "30040,30041", "6443,9153,32767"])}`,
			`-m multiport --ports ${draw.pick(["53,80", "1:1023"])}`,
			...(protocol === "tcp" ? [`-m tcp ${this.not()}--tcp-flags SYN,RST,ACK,FIN SYN`] : []),
		];
	}

	private conditions(interfaces: "-i" | "-o" | undefined): string[] {
		const { draw, family } = this;
		const { podCidr, localPodCidr, clusterIpCidr, nodeCidr, loopbackCidr, externalCidr, node, localPods, outside } =
			addresses[family];
		const cidrs = [podCidr, localPodCidr, clusterIpCidr, nodeCidr, loopbackCidr, externalCidr];
		const states = draw.some(["NEW", "ESTABLISHED", "RELATED", "INVALID", "DNAT", "SNAT", "UNTRACKED"], 1, 3).join(",");
		return [
			`${this.not()}-s ${draw.pick([...cidrs, ...localPods, ...outside])}`,
			`${this.not()}-d ${draw.pick([...cidrs, node, ...localPods])}`,
			`${this.not()}${interfaces ?? draw.pick(["-i", "-o"])} ${draw.pick(["eth0", "veth0", "lo", "eth+", "v+"])}`,
			`-m mark ${this.not()}--mark ${this.mark()}`,
			`-m addrtype ${this.not()}--dst-type ${draw.pick(["LOCAL", "MULTICAST", "UNICAST", "LOCAL,MULTICAST"])}`,
			`-m addrtype ${this.not()}--src-type LOCAL`,
			`-m conntrack ${this.not()}--ctstate ${states}`,
			`-m comment --comment "it's \\"strange\\" -j DROP"`,
			"-m nfacct --nfacct-name localhost_nps_accepted_pkts",
		];
	}

	private mark(): string {
		const { draw } = this;
		return draw.pick(["0x4000/0x4000", "0x8000/0x8000", "0x0/0xffff", "0x1", "0xf0/0xff", "0x4001/0x4001"]);
	}

	private target(callable: readonly string[]): string {
		const { draw } = this;
		const calls = callable.flatMap((chain) => [`-j ${chain}`, `-g ${chain}`]);
		const marks = ["--set-xmark", "--set-mark"].map(
			(option) => `-j MARK ${option} ${draw.pick(["0x4000/0x4000", "0x1/0xf", "0xf3/0xff"])}`,
		);
		const bits = ["--or-mark", "--and-mark", "--xor-mark"].map(
			(option) => `-j MARK ${option} ${draw.pick(["0x4000", "0xffffbfff", "0x1"])}`,
		);
		return draw.pick([
			...calls,
			...calls,
			"-j RETURN",
			"-j RETURN",
			"-j ACCEPT",
			"",
			...marks,
			...bits,
			...this.endings(),
		]);
	}

	private endings(): string[] {
		const { draw, family, stage } = this;
		const { localPods, remotePods, podCidr, localPodCidr, nodeCidr } = addresses[family];
		const pod = draw.pick([...localPods, ...remotePods]);
		const bracketed = family === "ipv6" ? `[${pod}]` : pod;
		const mapped = `-j NETMAP --to ${draw.pick([podCidr, localPodCidr])}`;
		if (stage === "destination")
			return [`-j DNAT --to-destination ${draw.pick([pod, `${bracketed}:8081`, ":8082"])}`, mapped];
		if (stage === "source") return ["-j MASQUERADE", "-j MASQUERADE --random-fully", `-j NETMAP --to ${nodeCidr}`];
		const kinds = [...rejections[family].map(({ iptables }) => iptables), "tcp-reset"];
		return ["-j DROP", "-j REJECT", `-j REJECT --reject-with ${draw.pick(kinds)}`];
	}
}
