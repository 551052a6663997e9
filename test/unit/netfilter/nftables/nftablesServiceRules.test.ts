import { describe, expect, it } from "vitest";
import { serviceChains, servicePortOf } from "../../../../netfilter/nftables/nftablesChainNames.ts";
import { nftablesRulesOf } from "../../../../netfilter/nftables/nftablesServiceRules.ts";
import { parseNftables } from "../../../../netfilter/nftables/parse.ts";
import { captured, fixture } from "../fixtures.ts";

const echo = { namespace: "default", name: "nodeport-service", portName: "echo" };

const rulesOf = (
	name: string,
	portName: string,
	file = "captured/1.36.3.nftables.json",
	family: "ipv4" | "ipv6" = "ipv4",
) => nftablesRulesOf(parseNftables(fixture(file)), { namespace: "default", name, portName }, family);

describe("kube-proxy's names in nftables mode", () => {
	it.each(captured(".nftables.json"))("are those of %s", (file) => {
		const names = parseNftables(fixture(file)).tables.flatMap(({ chains }) => [...chains.keys()]);
		const spelled = names.filter((name) => name.includes("/"));
		expect(spelled.length).toBeGreaterThan(20);
		for (const name of spelled) {
			const port = servicePortOf(name);
			expect(port).toBeDefined();
			if (port && !name.startsWith("endpoint-")) expect(serviceChains(port)).toContain(name);
		}
	});

	it("name no Service if the hash doesn't match", () => {
		expect(servicePortOf("service-ZB275BVE-default/nodeport-service/tcp/echo")).toEqual({ ...echo, protocol: "tcp" });
		expect(servicePortOf("service-ZB275BVE-default/other-service/tcp/echo")).toBeUndefined();
		expect(servicePortOf("services")).toBeUndefined();
	});
});

describe("nftablesRulesOf", () => {
	it("returns the elements that lead to the Service's chains, and the rules of those chains", () => {
		const chains = "ZB275BVE-default/nodeport-service/tcp/echo";
		expect(rulesOf("nodeport-service", "echo")).toEqual([
			`add element ip kube-proxy service-ips { 10.100.118.139 . tcp . 8080 : goto service-${chains} }`,
			`add element ip kube-proxy service-nodeports { tcp . 30040 : goto external-${chains} }`,
			`add rule ip kube-proxy service-${chains} meta l4proto tcp dnat ip addr . port to numgen random mod 1 map { 0 : 10.244.1.9 . 8080 }`,
			`add rule ip kube-proxy external-${chains} meta mark set meta mark | 0x00004000 comment "masquerade"`,
			`add rule ip kube-proxy external-${chains} goto service-${chains}`,
		]);
	});

	it("follows jumps to the endpoints' chains, and to the one that marks", () => {
		expect(
			rulesOf("nodeport-service", "echo", "captured/1.34.4.nftables.json").map((rule) => rule.split(" ")[4]),
		).toEqual([
			"service-ips",
			"service-nodeports",
			"mark-for-masquerade",
			expect.stringMatching(/^(endpoint|service|external)-/),
			expect.stringMatching(/^(endpoint|service|external)-/),
			expect.stringMatching(/^(endpoint|service|external)-/),
			expect.stringMatching(/^(endpoint|service|external)-/),
			expect.stringMatching(/^(endpoint|service|external)-/),
			expect.stringMatching(/^(endpoint|service|external)-/),
		]);
	});

	it.each([
		["ipv4", "ip", "10.96.0.45"],
		["ipv6", "ip6", "fd00:10:96::45"],
	] as const)("returns the %s elements of a Service without endpoints, by their comment", (family, table, address) => {
		const rules = rulesOf("empty", "web", undefined, family).filter((rule) => rule.startsWith("add element"));
		expect(rules).toEqual([
			`add element ${table} kube-proxy no-endpoint-services { ${address} . tcp . 80 comment "default/empty:web" : goto reject-chain }`,
			`add element ${table} kube-proxy no-endpoint-nodeports { tcp . 30045 comment "default/empty:web" : goto reject-chain }`,
		]);
	});

	it("returns nothing for a missing Service", () => {
		expect(rulesOf("nodeport", "echo")).toEqual([]);
	});
});
