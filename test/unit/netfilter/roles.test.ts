import { expect, it } from "vitest";
import { ownerOf } from "../../../netfilter/roles.ts";

it.each([
	["kubernetes service nodeports; NOTE: this must be the last rule in this chain", "kube-proxy"],
	["kubernetes externally-visible service portals", "kube-proxy"],
	["kubernetes forwarding rules", "kube-proxy"],
	["kubernetes health check service ports", "kube-proxy"],
	["kubernetes nodeports only from the office", undefined],
	["Kubernetes API for administrators", undefined],
])("takes a comment as kube-proxy's only if kube-proxy writes it: %s", (comment, owner) => {
	expect(ownerOf({ table: "filter", chain: "FORWARD", comment })).toBe(owner);
});

it.each([
	["filter", "FWD_public", "firewalld"],
	["filter", "FORWARD_IN_ZONES", "firewalld"],
	["filter", "INPUT_POLICIES_pre", "firewalld"],
	["nat", "PREROUTING_ZONES", "firewalld"],
	["nat", "POSTROUTING_direct", "firewalld"],
	["kube-network-policies", "postrouting", "kube-network-policies"],
	["filter", "FORWARD", undefined],
])("knows the owner of table %s, chain %s", (table, chain, owner) => {
	expect(ownerOf({ table, chain })).toBe(owner);
});
