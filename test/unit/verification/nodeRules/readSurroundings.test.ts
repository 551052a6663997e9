/** Reads that fail, or succeed, next to those of a node's rules. */
import { describe, expect, it } from "vitest";
import { only } from "../../netfilter/fixtures.ts";
import { endpoint, noTables, proxyTo, read, toNodePort, toPod } from "./fakeNode.ts";

describe("a read that fails next to the rules", () => {
	const rules = (...more: string[]) => ({
		"iptables-save": proxyTo("10.244.1.5").replace(
			"-A KUBE-SERVICES",
			`${more.map((rule) => `-A ${rule}\n`).join("")}-A KUBE-SERVICES`,
		),
		"nft -j list tables": noTables,
	});
	const remembering =
		"KUBE-SERVICES -m recent --rcheck --seconds 60 --name A --mask 255.255.255.255 --rsource -j RETURN";
	const blocking = "KUBE-SERVICES -m set --match-set blocked src -j RETURN";

	it("of the interfaces and routes is a gap, and the rules are read", async () => {
		const ruleset = await read(rules(), { failing: "/proc/net/route" });
		expect(ruleset.gaps).toEqual([
			{ source: "network", present: "unknown", problem: { kind: "failed", message: "the connection broke" } },
		]);
		expect(only(ruleset.walk(toNodePort))).toMatchObject(endpoint("10.244.1.5"));
	});

	it("of the remembered clients makes only rules unknown that ask for them", async () => {
		const ruleset = await read(rules(remembering), { failing: "xt_recent" });
		expect(ruleset.gaps).toMatchObject([{ source: "recent" }]);
		expect(only(ruleset.walk(toNodePort)).outcome).toBe("unknown");
		expect(only(ruleset.walk(toPod)).outcome).toBe("untouched");
		expect(only((await read(rules(remembering))).walk(toNodePort))).toMatchObject(endpoint("10.244.1.5"));
	});

	it("of ipset makes only rules unknown that ask for sets; with their elements they are known", async () => {
		const without = await read(rules(blocking));
		expect(without.gaps).toMatchObject([
			{ source: "ipset", problem: { message: "ipset save failed: ipset: not found" } },
		]);
		expect(only(without.walk(toNodePort)).outcome).toBe("unknown");
		const sets = "create blocked hash:ip family inet hashsize 1024 maxelem 65536\nadd blocked 192.0.2.99\n";
		const known = await read({ ...rules(blocking), "ipset save": sets });
		expect(known.gaps).toEqual([]);
		expect(only(known.walk(toNodePort))).toMatchObject(endpoint("10.244.1.5"));
		const byProbe = await read(rules(blocking), { withProbe: true, byProbe: { "ipset save": sets } });
		expect(byProbe.gaps).toEqual([]);
	});

	it("of the second family makes only its paths unknown", async () => {
		const ruleset = await read(rules(), { families: ["ipv4", "ipv6"] });
		expect(ruleset.gaps).toMatchObject([{ source: "iptables-nft", family: "ipv6", present: "yes" }]);
		expect(only(ruleset.walk(toNodePort))).toMatchObject(endpoint("10.244.1.5"));
		const ofIpv6 = { ...toNodePort, family: "ipv6" as const, source: "2001:db8::7", destination: "fd00::10" };
		expect(only(ruleset.walk(ofIpv6)).outcome).toBe("unknown");
	});
});
