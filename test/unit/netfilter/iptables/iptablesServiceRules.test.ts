import { describe, expect, it } from "vitest";
import { iptablesRulesOf } from "../../../../netfilter/iptables/iptablesServiceRules.ts";
import { parseIptablesSave } from "../../../../netfilter/iptables/parse.ts";
import { fixture } from "../fixtures.ts";

const tables = parseIptablesSave(fixture("captured/1.36.3.iptables-nft.ipv4.txt"));

const rulesOf = (name: string, portName: string) => iptablesRulesOf(tables, { namespace: "default", name, portName });

const echo = [
	'-A KUBE-EXT-SR75RJIBNEHN2H65 -m comment --comment "masquerade traffic for default/nodeport-service:echo external destinations" -j KUBE-MARK-MASQ',
	"-A KUBE-EXT-SR75RJIBNEHN2H65 -j KUBE-SVC-SR75RJIBNEHN2H65",
	"-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
	'-A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment "default/nodeport-service:echo" -m tcp --dport 30040 -m nfacct --nfacct-name  localhost_nps_accepted_pkts -j KUBE-EXT-SR75RJIBNEHN2H65',
	'-A KUBE-NODEPORTS -p tcp -m comment --comment "default/nodeport-service:echo" -m tcp --dport 30040 -j KUBE-EXT-SR75RJIBNEHN2H65',
	'-A KUBE-SEP-ZGBSGCBJNGMY3BBA -s 10.244.1.9/32 -m comment --comment "default/nodeport-service:echo" -j KUBE-MARK-MASQ',
	'-A KUBE-SEP-ZGBSGCBJNGMY3BBA -p tcp -m comment --comment "default/nodeport-service:echo" -m tcp -j DNAT --to-destination 10.244.1.9:8080',
	'-A KUBE-SERVICES -d 10.100.118.139/32 -p tcp -m comment --comment "default/nodeport-service:echo cluster IP" -m tcp --dport 8080 -j KUBE-SVC-SR75RJIBNEHN2H65',
	'-A KUBE-SVC-SR75RJIBNEHN2H65 ! -s 10.244.0.0/16 -d 10.100.118.139/32 -p tcp -m comment --comment "default/nodeport-service:echo cluster IP" -m tcp --dport 8080 -j KUBE-MARK-MASQ',
	'-A KUBE-SVC-SR75RJIBNEHN2H65 -m comment --comment "default/nodeport-service:echo -> 10.244.1.9:8080" -j KUBE-SEP-ZGBSGCBJNGMY3BBA',
];

describe("iptablesRulesOf", () => {
	it("returns the rules that name the Service and those of the chains that they lead to, in the dump's order", () => {
		expect(rulesOf("nodeport-service", "echo")).toEqual(echo);
	});

	it("finds the chains by their names if kube-proxy omits comments, as in large clusters", () => {
		const bare = fixture("captured/1.36.3.iptables-nft.ipv4.txt").replaceAll(/ -m comment --comment "[^"]*"/g, "");
		const rules = iptablesRulesOf(parseIptablesSave(bare), {
			namespace: "default",
			name: "nodeport-service",
			portName: "echo",
		});
		expect(rules).toEqual(echo.map((rule) => rule.replace(/ -m comment --comment "[^"]*"/, "")));
	});

	it("follows the walkthrough's older shape as the walkthrough does", () => {
		const old = parseIptablesSave(fixture("documented/1.16.walkthrough.txt"));
		const rules = iptablesRulesOf(old, { namespace: "default", name: "nodeport-service", portName: "echo" });
		expect(rules.map((rule) => rule.split(" ")[1])).toEqual([
			"KUBE-MARK-MASQ",
			"KUBE-NODEPORTS",
			"KUBE-NODEPORTS",
			"KUBE-SEP-ZGBSGCBJNGMY3BBA",
			"KUBE-SEP-ZGBSGCBJNGMY3BBA",
			"KUBE-SERVICES",
			"KUBE-SERVICES",
			"KUBE-SVC-SR75RJIBNEHN2H65",
		]);
	});

	it("returns table filter's rules for a Service without endpoints", () => {
		expect(rulesOf("empty", "web").map((rule) => rule.replace(/.*--comment "(.*)".* -j (\S+).*/, "$1: $2"))).toEqual([
			"default/empty:web has no endpoints: REJECT",
			"default/empty:web has no endpoints: REJECT",
		]);
	});

	it.each([
		["no Service of a name that only begins so", "nodeport", "echo"],
		["no other port of the Service", "nodeport-service", "web"],
	])("takes %s", (_, name, portName) => {
		expect(rulesOf(name, portName)).toEqual([]);
	});

	it("distinguishes two ports of a Service", () => {
		expect(rulesOf("two-ports", "web").join()).not.toContain("two-ports:metrics");
	});
});
