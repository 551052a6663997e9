/** How a rule rejects a packet: each tool's name for it, and what the kernel then sends. */
import type { Family } from "../../../netfilter/model.ts";

export interface Rejection {
	/** In an iptables rule, and in predicted paths of both tools. */
	iptables: string;
	/** In an nftables rule. */
	nft: string;
	/** ICMP types and codes of RFC 792, RFC 1812 and RFC 4443. */
	type: number;
	code: number;
}

const rejection = (iptables: string, nft: string, type: number, code: number): Rejection => ({
	iptables,
	nft,
	type,
	code,
});

export const rejections: Record<Family, Rejection[]> = {
	ipv4: [
		rejection("icmp-net-unreachable", "icmp net-unreachable", 3, 0),
		rejection("icmp-host-unreachable", "icmp host-unreachable", 3, 1),
		rejection("icmp-proto-unreachable", "icmp prot-unreachable", 3, 2),
		rejection("icmp-port-unreachable", "icmp port-unreachable", 3, 3),
		rejection("icmp-net-prohibited", "icmp net-prohibited", 3, 9),
		rejection("icmp-host-prohibited", "icmp host-prohibited", 3, 10),
		rejection("icmp-admin-prohibited", "icmp admin-prohibited", 3, 13),
	],
	ipv6: [
		rejection("icmp6-no-route", "icmpv6 no-route", 1, 0),
		rejection("icmp6-adm-prohibited", "icmpv6 admin-prohibited", 1, 1),
		rejection("icmp6-addr-unreachable", "icmpv6 addr-unreachable", 1, 3),
		rejection("icmp6-port-unreachable", "icmpv6 port-unreachable", 1, 4),
		rejection("icmp6-policy-fail", "icmpv6 policy-fail", 1, 5),
		rejection("icmp6-reject-route", "icmpv6 reject-route", 1, 6),
	],
};

/** nft's name for one code in each family, only in tables of family inet. */
export const bothFamilies = ["no-route", "port-unreachable", "host-unreachable", "admin-prohibited"].map(
	(code) => `icmpx ${code}`,
);
