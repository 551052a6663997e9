import { expect, it } from "vitest";
import { ownerOf } from "../../../netfilter/owners.ts";

it.each([
	["kubernetes service nodeports; NOTE: this must be the last rule in this chain", "kube-proxy"],
	["kubernetes externally-visible service portals", "kube-proxy"],
	["kubernetes forwarding rules", "kube-proxy"],
	["kubernetes health check service ports", "kube-proxy"],
	["kubernetes nodeports only from the office", undefined],
	["Kubernetes API for administrators", undefined],
	["generated for LXD network lxdbr0", "LXD"],
	["generated for Incus network incusbr0", "Incus"],
])("knows the owner of a comment only if its program writes it so: %s", (comment, owner) => {
	expect(ownerOf({ table: "filter", chain: "FORWARD", comment })).toBe(owner);
});

it.each([
	["filter", "FWD_public", "firewalld"],
	["filter", "FORWARD_IN_ZONES", "firewalld"],
	["filter", "INPUT_POLICIES_pre", "firewalld"],
	["nat", "PREROUTING_ZONES", "firewalld"],
	["nat", "POSTROUTING_direct", "firewalld"],
	["kube-network-policies", "postrouting", "kube-network-policies"],
	["lxd", "fwd.lxdbr0", "LXD"],
	["filter", "LXC-NET", undefined],
	["filter", "LX-guard", undefined],
	["filter", "FORWARD", undefined],
])("knows the owner of table %s, chain %s", (table, chain, owner) => {
	expect(ownerOf({ table, chain })).toBe(owner);
});

it.each([
	["-A PREROUTING -d 169.254.20.10/32 -p udp -m udp --dport 53 -j CT --notrack", "NodeLocal DNSCache"],
	["-A OUTPUT -s 169.254.20.10/32 -p tcp -m tcp --sport 53 -j NOTRACK", "NodeLocal DNSCache"],
	["-A INPUT -d 169.254.20.10/32 -p tcp -m tcp --dport 53 -j ACCEPT", "NodeLocal DNSCache"],
	["-A INPUT -d 169.254.20.10/32 -p udp -m udp --dport 53 -j DROP", undefined],
])("knows NodeLocal DNSCache by its address: %s", (rule, owner) => {
	expect(ownerOf({ table: "raw", chain: "PREROUTING", rule })).toBe(owner);
});
