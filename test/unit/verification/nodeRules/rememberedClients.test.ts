import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { iptablesRulesOf } from "../../../../netfilter/iptables/iptablesServiceRules.ts";
import { parseIptablesSave } from "../../../../netfilter/iptables/parse.ts";
import { nftablesRulesOf } from "../../../../netfilter/nftables/nftablesServiceRules.ts";
import { parseNftables } from "../../../../netfilter/nftables/parse.ts";
import { rememberedClients } from "../../../../verification/nodeRules/rememberedClients.ts";

const fixture = (name: string) =>
	readFileSync(new URL(`../../../fixtures/rules/captured/1.36.3.${name}`, import.meta.url), "utf8");
const sticky = { namespace: "default", name: "sticky", portName: "web" };
const [list, other] = ["KUBE-SEP-G2WQXVVKMZT27EOT", "KUBE-SEP-OFANOTHERSERVICE"];

it("reads iptables mode's lists of the Service's endpoints, without those of other Services", () => {
	const rules = iptablesRulesOf(parseIptablesSave(fixture("iptables-nft.ipv4.txt")), sticky);
	const lists = new Map([
		["172.18.0.9", [other, list]],
		["172.18.0.3", [list]],
		["172.18.0.4", [other]],
	]);
	const nothing = { tables: [], strangeObjects: [] };
	expect(rememberedClients(rules, lists, nothing)).toEqual(["172.18.0.3", "172.18.0.9"]);
	expect(rememberedClients(rules, new Map(), nothing)).toEqual([]);
});

it("reads nftables mode's sets of the Service's endpoints", () => {
	const name = "affinity-THAKX2ZH-default/sticky/tcp/web__10.244.2.5/8080";
	const client = { elem: { val: "172.18.0.9", timeout: 10800, expires: 10799 } };
	const text = fixture("nftables.json").replace(
		`"name": "${name}",`,
		`"name": "${name}", "elem": ${JSON.stringify([client])},`,
	);
	const ruleset = parseNftables(text);
	expect(rememberedClients(nftablesRulesOf(ruleset, sticky, "ipv4"), new Map(), ruleset)).toEqual(["172.18.0.9"]);
	const service = { ...sticky, name: "nodeport-service", portName: "echo" };
	expect(rememberedClients(nftablesRulesOf(ruleset, service, "ipv4"), new Map(), ruleset)).toEqual([]);
});
