/**
 * One rule of each kind that kube-proxy, the nodes' CNI agent and kind's entry point write, tried in a network namespace
 * of its own: pkg/proxy/{iptables,nftables}/proxier.go of Kubernetes 1.36.
 */
import type { KubeProxyMode } from "../../../config/clusterShape.ts";
import type { LabConfig } from "../../../config/labConfig.ts";

export interface Rule {
	/** The match, target or expression that it tests, named as in iptables or nft. */
	name: string;
	/** The kernel module that has it, unless it is built in. */
	module: string;
	/** Only a Service with sessionAffinity ClientIP has such rules. */
	onlyAffinity?: true;
	command: string[];
}

/** What the nodes' rules depend on. */
export type RuleShape = Pick<LabConfig, "kubeProxyMode" | "ipFamily">;

/** What differs between the families' rules. */
const families = {
	ipv4: { prefix: "", iptables: "iptables-nft", nft: "ip", modules: "ipt", version: "ipv4", pod: "192.0.2.1:8080" },
	ipv6: {
		prefix: "IPv6 ",
		iptables: "ip6tables-nft",
		nft: "ip6",
		modules: "ip6t",
		version: "ipv6",
		pod: "[2001:db8::1]:8080",
	},
};
type FamilyWords = (typeof families)["ipv4"];

function rulesOf(mode: KubeProxyMode, { prefix, iptables, nft, modules, version, pod }: FamilyWords): Rule[] {
	type More = Pick<Rule, "onlyAffinity">;
	const rule = (name: string, module: string, command: string, more: More = {}): Rule => {
		return { name: prefix + name, module, ...more, command: command.split(" ") };
	};
	const xt = (name: string, module: string, text: string, more?: More) =>
		rule(name, module, `${iptables} ${text}`, more);
	const nf = (name: string, module: string, text: string, more?: More) =>
		rule(name, module, `nft add rule ${nft} lab ${text}`, more);
	const affinity: More = { onlyAffinity: true };
	const byMode: Record<KubeProxyMode, Rule[]> = {
		iptables: [
			xt("match addrtype", "xt_addrtype", "-t nat -A PREROUTING -m addrtype --dst-type LOCAL"),
			xt("match conntrack", "xt_conntrack", "-A FORWARD -m conntrack --ctstate INVALID -j DROP"),
			xt("match mark", "xt_mark", "-t nat -A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN"),
			xt("match statistic", "xt_statistic", "-t nat -A PREROUTING -m statistic --mode random --probability 0.5"),
			xt(
				"match recent",
				"xt_recent",
				"-t nat -A PREROUTING -m recent --name lab --rcheck --seconds 10800 --reap",
				affinity,
			),
			xt("target MARK", "xt_mark", "-t nat -A PREROUTING -j MARK --set-xmark 0x4000/0x4000"),
			xt("target REJECT", `${modules}_REJECT`, "-A FORWARD -j REJECT"),
		],
		nftables: [
			nf("fib", `nft_fib_${version}`, "before fib daddr type local accept"),
			nf("vmap", "nf_tables", "before meta l4proto . th dport vmap @endpoints"),
			nf("ct", "nft_ct", "forward ct state new accept"),
			nf("numgen", "nft_numgen", "before numgen random mod 2 vmap { 0 : accept, 1 : drop }"),
			nf("dnat", "nft_nat", `before meta l4proto tcp dnat to ${pod}`),
			nf("masquerade", "nft_masq", "after masquerade fully-random"),
			nf("reject", `nft_reject_${version}`, "forward reject"),
			nf("update", "nft_dynset", `before update @affinity { ${nft} saddr }`, affinity),
		],
	};
	return [
		// Nodes write them in either mode of kube-proxy.
		xt("match comment", "xt_comment", "-t nat -A POSTROUTING -m comment --comment lab"),
		xt("target DNAT", "xt_nat", `-t nat -A PREROUTING -p tcp -j DNAT --to-destination ${pod}`),
		xt("target MASQUERADE", "xt_MASQUERADE", "-t nat -A POSTROUTING -j MASQUERADE --random-fully"),
		...byMode[mode],
	];
}

/** kube-proxy writes IPv4 rules in a cluster with only IPv6 too. */
const familiesOf = ({ ipFamily }: RuleShape): FamilyWords[] =>
	ipFamily === "ipv4" ? [families.ipv4] : [families.ipv4, families.ipv6];

export const trialRules = (shape: RuleShape): Rule[] =>
	familiesOf(shape).flatMap((family) => rulesOf(shape.kubeProxyMode, family));

/** The table for the nft rules. */
const nftTable = ({ nft, version }: FamilyWords): string => `table ${nft} lab {
	map endpoints { type inet_proto . inet_service : verdict; }
	set affinity { type ${version}_addr; flags dynamic,timeout; timeout 3h; }
	chain before { type nat hook prerouting priority dstnat; }
	chain forward { type filter hook forward priority filter; }
	chain after { type nat hook postrouting priority srcnat; }
}`;

export const lastLine = "tried";

const quoted = (words: string[]): string => words.map((word) => `'${word}'`).join(" ");

/**
 * A shell script that adds each rule. It prints a line per rule, divided by a tab: its name, and the error if the kernel
 * refused it. The line nfacct has an error in any case, because the counter doesn't exist: its text says whether iptables
 * and the kernel have the match. Then come NETLINK_ACCT from the kernel's configuration, and the last line.
 */
export function trialScript(shape: RuleShape): string {
	const tables = shape.kubeProxyMode === "nftables" ? familiesOf(shape).map(nftTable) : [];
	const table = tables.map((text) => `nft -f - <<'end'\n${text}\nend\n`).join("");
	const lines = trialRules(shape).map(({ name, command }) => `try '${name}' ${quoted(command)}`);
	return `LC_ALL=C; export LC_ALL
try() {
	name=$1; shift
	if error=$("$@" 2>&1 </dev/null); then error=; else error=$(echo "\${error:-refused}" | tr '\\n\\t' '  '); fi
	printf '%s\\t%s\\n' "$name" "$error"
}
${table}${lines.join("\n")}
try nfacct iptables-nft -A FORWARD -m nfacct --nfacct-name nodeport-lab -j DROP
accounting=$({ zcat /proc/config.gz || cat "/boot/config-$(uname -r)"; } 2>/dev/null | grep 'CONFIG_NETFILTER_NETLINK_ACCT[ =]')
printf 'NETLINK_ACCT\\t%s\\n${lastLine}\\n' "$accounting"
`;
}
