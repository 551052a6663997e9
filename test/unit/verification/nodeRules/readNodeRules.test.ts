/** What a node's tools print, read as the rules that its kernel evaluates. */
import { describe, expect, it } from "vitest";
import type { Packet } from "../../../../netfilter/model.ts";
import { findingText } from "../../../../report/findingText.ts";
import { readFinding } from "../../../../verification/findings.ts";
import { only } from "../../netfilter/fixtures.ts";
import {
	caseOf,
	endpoint,
	legacy,
	noTables,
	proxyTo,
	read,
	save,
	toNodePort,
	toPod,
	warning,
	worker1,
} from "./fakeNode.ts";

describe("a node's rules in iptables mode", () => {
	it("include nft's own tables", async () => {
		const listed = caseOf("24-nft-table-next-to-iptables.json");
		const ruleset = await read({
			"iptables-save": caseOf("24-nft-table-next-to-iptables.txt"),
			"iptables-legacy-save": "",
			"nft -j list tables": listed,
			"nft -j list table inet t": listed,
		});
		expect(ruleset).toMatchObject({ proxyMode: "iptables", backend: "iptables-nft", gaps: [] });
		expect(only(ruleset.walk(toPod))).toMatchObject({ outcome: "reject", rejectedWith: "icmp-admin-prohibited" });
	});

	it("don't need nft for the tables that iptables keeps", async () => {
		const kept = JSON.stringify({ nftables: [{ table: { family: "ip", name: "nat", handle: 1 } }] });
		const ruleset = await read({
			"iptables-save": proxyTo("10.244.1.5"),
			"iptables-legacy-save": "",
			"nft -j list tables": kept,
		});
		expect(only(ruleset.walk(toNodePort))).toMatchObject(endpoint("10.244.1.5"));
	});

	it("include nft's rules in a table that iptables-save can't print", async () => {
		const incompatible = "# Table `raw' is incompatible, use 'nft' tool.\n";
		const chain = {
			family: "ip",
			table: "raw",
			name: "p",
			type: "filter",
			hook: "prerouting",
			prio: -300,
			policy: "drop",
		};
		const listed = JSON.stringify({ nftables: [{ table: { family: "ip", name: "raw" } }, { chain }] });
		const ruleset = await read({
			"iptables-save": proxyTo("10.244.1.5") + incompatible,
			"iptables-legacy-save": "",
			"nft -j list tables": listed,
			"nft -j list table ip raw": listed,
		});
		expect(only(ruleset.walk(toNodePort)).outcome).toBe("drop");
	});

	it("name nft's own tables as unread where nft isn't installed", async () => {
		const ruleset = await read({ "iptables-save": proxyTo("10.244.1.5"), "iptables-legacy-save": "" });
		expect(ruleset.gaps).toEqual([
			{
				source: "nft",
				present: "unknown",
				problem: { kind: "failed", message: "nft -j list tables failed: nft: not found" },
			},
		]);
		expect(only(ruleset.walk(toNodePort))).toMatchObject({ ...endpoint("10.244.1.5"), unread: ["nft"] });
	});

	it("are read by nft in another pod on the node", async () => {
		const ruleset = await read(
			{ "iptables-save": proxyTo("10.244.1.5"), "iptables-legacy-save": "" },
			{ withProbe: true, byProbe: { "nft -j list tables": noTables } },
		);
		expect(ruleset.gaps).toEqual([]);
	});

	it("are of IPv6 on a node with an IPv6 address", async () => {
		const node = { ...worker1, internalIp: "fd00::11", podCidr: "fd00:1::/64" };
		const ipv6 = { tool: "ip6tables-save v1.8.9 (nf_tables)", chains: "KUBE-SERVICES" };
		const rule = "PREROUTING -d fd00::11/128 -p tcp -m tcp --dport 30080 -j DNAT --to-destination [fd00:1::5]:8080";
		const ruleset = await read(
			{
				"ip6tables-save": save("nat", [rule], ipv6) + save("filter", [], ipv6),
				"ip6tables-legacy-save": "",
				"nft -j list tables": noTables,
			},
			{ node, families: ["ipv6"] },
		);
		const packet: Packet = { ...toNodePort, family: "ipv6", source: "2001:db8::7", destination: "fd00::11" };
		expect(only(ruleset.walk(packet))).toMatchObject(endpoint("fd00:1::5"));
	});
});

describe("legacy rules next to those of nf_tables", () => {
	const both = (legacy: string) =>
		read({
			"iptables-save": [proxyTo("10.244.1.5"), warning],
			"iptables-legacy-save": legacy,
			"nft -j list tables": noTables,
		});

	it("of an earlier kube-proxy that lead elsewhere make the result depend on the tables' age, and are named", async () => {
		const ruleset = await both(proxyTo("10.244.1.9", legacy));
		expect(ruleset.leftovers).toEqual([{ backend: "iptables-legacy", chain: "KUBE-SERVICES" }]);
		expect(only(ruleset.walk(toNodePort)).outcome).toBe("unknown");
	});

	it.each([
		["lead to the same pod", proxyTo("10.244.1.5", legacy)],
		["do nothing", save("filter", [], legacy)],
		["concern other packets", save("filter", ["FORWARD -d 10.9.9.9/32 -j DROP"], legacy)],
	])("that %s leave the result certain", async (_, legacy) => {
		expect(only((await both(legacy)).walk(toNodePort))).toMatchObject(endpoint("10.244.1.5"));
	});

	it("drop what those of nf_tables let pass, whichever the kernel asks first", async () => {
		const ruleset = await both(save("filter", ["FORWARD -d 10.244.1.5/32 -j DROP"], legacy));
		expect(only(ruleset.walk(toNodePort)).outcome).toBe("drop");
	});

	it("that exist and can't be read make only what they may change unknown", async () => {
		const ruleset = await read({
			"iptables-save": [proxyTo("10.244.1.5"), warning],
			"nft -j list tables": noTables,
		});
		expect(ruleset.gaps).toMatchObject([{ source: "iptables-legacy", family: "ipv4", present: "yes" }]);
		expect(only(ruleset.walk(toNodePort)).outcome).toBe("unknown");
	});

	it("don't exist if iptables-save of nf_tables doesn't warn", async () => {
		const ruleset = await read({ "iptables-save": proxyTo("10.244.1.5"), "nft -j list tables": noTables });
		expect(ruleset.gaps).toEqual([]);
		expect(only(ruleset.walk(toNodePort))).toMatchObject(endpoint("10.244.1.5"));
	});
});

describe("another kube-proxy than one that writes rules", () => {
	it.each([
		["ipvs", caseOf("16-ipvs.txt"), "KUBE-IPVS-FILTER"],
		[
			"userspace",
			save("nat", [], { ...legacy, chains: "KUBE-PORTALS-CONTAINER KUBE-PORTALS-HOST" }),
			"KUBE-PORTALS-CONTAINER",
		],
	])("is recognized: %s mode, with no fix", async (mode, saved, chain) => {
		const error = await read({
			"iptables-save": saved,
			"nft -j list ruleset": noTables,
			"nft -j list tables": noTables,
		}).then(
			() => expect.fail("it was read"),
			(error) => readFinding("worker-1", error),
		);
		expect(error.problem).toEqual({ kind: "otherProxyMode", mode, chain });
		expect(findingText(error)).toContain(`kube-proxy runs in ${mode} mode`);
		expect(findingText(error)).not.toContain("fix");
	});

	it("isn't taken for one because of leftovers", async () => {
		const saved = proxyTo("10.244.1.5", {
			tool: "iptables-save v1.8.9 (nf_tables)",
			chains: "KUBE-SERVICES KUBE-NODEPORTS KUBE-NODE-PORT",
		});
		expect((await read({ "iptables-save": saved, "nft -j list tables": noTables })).proxyMode).toBe("iptables");
	});

	it("leaves rules of iptables mode that are named next to nftables mode", async () => {
		const listed = JSON.stringify({ nftables: [{ table: { family: "ip", name: "kube-proxy" } }] });
		const ruleset = await read({
			"iptables-save": proxyTo("10.244.1.5"),
			"nft -j list tables": listed,
			"nft -j list ruleset": listed,
		});
		expect(ruleset).toMatchObject({
			proxyMode: "nftables",
			leftovers: [{ backend: "iptables-nft", chain: "KUBE-SERVICES" }],
		});
	});
});
