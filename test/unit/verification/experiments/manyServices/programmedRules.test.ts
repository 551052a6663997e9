import { describe, expect, it } from "vitest";
import { programmedRules } from "../../../../../verification/experiments/manyServices/programmedRules.ts";
import { captured, fixture } from "../../../netfilter/fixtures.ts";

/** Two Services with one port, one with two ports, and one that the rules don't contain. */
const clusterIps = ["10.100.118.139", "10.96.0.41", "10.96.0.46", "10.96.0.200"];

describe("of the Services with rules on the captured node", () => {
	it.each([...captured(".iptables-nft.ipv4.txt"), ...captured(".iptables-legacy.ipv4.txt")])(
		"all rules precede those of nodePorts: %s",
		(name) => {
			expect(programmedRules(fixture(name), "iptables", clusterIps)).toEqual({ services: 3, passed: 4 });
		},
	);

	it.each(captured(".nftables.json"))("no rule is compared with a packet, only a map contains them: %s", (name) => {
		expect(programmedRules(fixture(name), "nftables", clusterIps)).toEqual({ services: 3, passed: 0 });
	});
});

it("finds nothing in rules that kube-proxy hasn't written yet", () => {
	expect(programmedRules("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n", "iptables", clusterIps)).toEqual({
		services: 0,
		passed: 0,
	});
	expect(programmedRules('{"nftables": []}', "nftables", clusterIps)).toEqual({ services: 0, passed: 0 });
});

it("counts a rule for each Service if a version doesn't use a map", () => {
	const table = { family: "ip", name: "kube-proxy" };
	const own = { family: "ip", table: "kube-proxy" };
	const daddr = { payload: { protocol: "ip", field: "daddr" } };
	const rule = { match: { op: "==", left: daddr, right: "10.96.0.41" } };
	const nftables = [
		{ table },
		{ chain: { ...own, name: "services", handle: 1 } },
		{ rule: { ...own, chain: "services", handle: 2, expr: [rule, { goto: { target: "x" } }] } },
	];
	expect(programmedRules(JSON.stringify({ nftables }), "nftables", clusterIps).passed).toBe(1);
});
