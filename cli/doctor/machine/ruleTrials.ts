/**
 * One rule of each kind that kube-proxy, the nodes' CNI agent and kind's entry point write, tried in a network namespace
 * of its own: pkg/proxy/{iptables,nftables}/proxier.go of Kubernetes 1.36.
 */
import type { KubeProxyMode } from "../../../config/clusterShape.ts";

export interface Rule {
	/** The match, target or expression that it tests, named as in iptables or nft. */
	name: string;
	/** The kernel module that has it, unless it is built in. */
	module: string;
	/** Only a Service with sessionAffinity ClientIP has such rules. */
	onlyAffinity?: true;
	command: string[];
}

const iptables = (name: string, module: string, rule: string, more: Pick<Rule, "onlyAffinity"> = {}): Rule => ({
	name,
	module,
	...more,
	command: ["iptables-nft", ...rule.split(" ")],
});

const nft = (name: string, module: string, rule: string, more: Pick<Rule, "onlyAffinity"> = {}): Rule => ({
	name,
	module,
	...more,
	command: ["nft", "add", "rule", "ip", "lab", ...rule.split(" ")],
});

/** Nodes write them in either mode of kube-proxy. */
const always: Rule[] = [
	iptables("match comment", "xt_comment", "-t nat -A POSTROUTING -m comment --comment lab"),
	iptables("target DNAT", "xt_nat", "-t nat -A PREROUTING -p tcp -j DNAT --to-destination 192.0.2.1:8080"),
	iptables("target MASQUERADE", "xt_MASQUERADE", "-t nat -A POSTROUTING -j MASQUERADE --random-fully"),
];

const byMode: Record<KubeProxyMode, Rule[]> = {
	iptables: [
		iptables("match addrtype", "xt_addrtype", "-t nat -A PREROUTING -m addrtype --dst-type LOCAL"),
		iptables("match conntrack", "xt_conntrack", "-A FORWARD -m conntrack --ctstate INVALID -j DROP"),
		iptables("match mark", "xt_mark", "-t nat -A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN"),
		iptables("match statistic", "xt_statistic", "-t nat -A PREROUTING -m statistic --mode random --probability 0.5"),
		iptables("match recent", "xt_recent", "-t nat -A PREROUTING -m recent --name lab --rcheck --seconds 10800 --reap", {
			onlyAffinity: true,
		}),
		iptables("target MARK", "xt_mark", "-t nat -A PREROUTING -j MARK --set-xmark 0x4000/0x4000"),
		iptables("target REJECT", "ipt_REJECT", "-A FORWARD -j REJECT"),
	],
	nftables: [
		nft("fib", "nft_fib_ipv4", "before fib daddr type local accept"),
		nft("vmap", "nf_tables", "before meta l4proto . th dport vmap @endpoints"),
		nft("ct", "nft_ct", "forward ct state new accept"),
		nft("numgen", "nft_numgen", "before numgen random mod 2 vmap { 0 : accept, 1 : drop }"),
		nft("dnat", "nft_nat", "before meta l4proto tcp dnat to 192.0.2.1:8080"),
		nft("masquerade", "nft_masq", "after masquerade fully-random"),
		nft("reject", "nft_reject_ipv4", "forward reject"),
		nft("update", "nft_dynset", "before update @affinity { ip saddr }", { onlyAffinity: true }),
	],
};

export const trialRules = (mode: KubeProxyMode): Rule[] => [...always, ...byMode[mode]];

/** The table for the nft rules. */
const nftTable = `table ip lab {
	map endpoints { type inet_proto . inet_service : verdict; }
	set affinity { type ipv4_addr; flags dynamic,timeout; timeout 3h; }
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
export function trialScript(mode: KubeProxyMode): string {
	const table = mode === "nftables" ? `nft -f - <<'end'\n${nftTable}\nend\n` : "";
	const lines = trialRules(mode).map(({ name, command }) => `try '${name}' ${quoted(command)}`);
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
