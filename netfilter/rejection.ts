/** What rejections are called, and what a sender makes of them. */
import type { Family } from "./model.ts";

/** As iptables and nft call the kernel's own choice, where a rule names none. */
export const defaultRejection = (family: Family): string =>
	family === "ipv4" ? "icmp-port-unreachable" : "icmp6-port-unreachable";

/** Where nft has another word for a code than iptables; "icmpx" is nft's for one code of each family (nf_tables.h). */
const iptablesNames: Record<string, string> = {
	"icmp prot-unreachable": "icmp-proto-unreachable",
	"icmpv6 admin-prohibited": "icmp6-adm-prohibited",
	"icmpx no-route ipv4": "icmp-net-unreachable",
	"icmpx host-unreachable ipv6": "icmp6-addr-unreachable",
	"icmpx admin-prohibited ipv6": "icmp6-adm-prohibited",
};

/**
 * What nft prints after "reject with", in the words of iptables, so that both modes say the same.
 * @param type "icmp", "icmpv6", "icmpx" or "tcp reset"; without it, and without a code, the kernel's own choice
 */
export function rejectionOfNft({ type, code }: { type?: string; code?: string }, family: Family): string {
	if (type === "tcp reset") return "tcp-reset";
	if (code === undefined) return defaultRejection(family);
	const named = iptablesNames[`${type} ${code} ${family}`] ?? iptablesNames[`${type} ${code}`];
	return named ?? `${family === "ipv4" ? "icmp" : "icmp6"}-${code}`;
}

/**
 * What a process whose connection is rejected so reads of the system (icmp_err_convert in net/ipv4/icmp.c, tab_unreach in
 * net/ipv6/icmp.c; each tried on Linux 6.18).
 */
const messages: Record<string, string> = {
	"tcp-reset": "connection refused",
	"icmp-port-unreachable": "connection refused",
	"icmp-net-unreachable": "network is unreachable",
	"icmp-net-prohibited": "network is unreachable",
	"icmp-host-unreachable": "no route to host",
	"icmp-host-prohibited": "no route to host",
	"icmp-admin-prohibited": "no route to host",
	"icmp-proto-unreachable": "protocol not available",
	"icmp6-port-unreachable": "connection refused",
	"icmp6-no-route": "network is unreachable",
	"icmp6-addr-unreachable": "no route to host",
	"icmp6-adm-prohibited": "permission denied",
	"icmp6-policy-fail": "permission denied",
	"icmp6-reject-route": "permission denied",
};

/** What the sender reads, in iptables' words for the rejection; undefined: of a rejection that is none of these. */
export const messageOf = (rejectedWith: string): string | undefined => messages[rejectedWith];
