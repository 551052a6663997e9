/** What rules of nftables change: marks, addresses, sets. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromNode, summary } from "../fixtures.ts";
import { drop, ends, forward, ip, type Json, match, meta, port, table, toPod, walk } from "./smallTable.ts";

describe("marks", () => {
	it("are set, and later conditions of the same rule see them", () => {
		const set = (value: unknown) => ({ mangle: { key: meta("mark"), value } });
		const rule = [
			set({ "|": [meta("mark"), 0x4000] }),
			match(meta("mark"), 0x4001),
			set({ "^": [meta("mark"), 0x4001] }),
			drop,
		];
		const [path] = walk(forward(rule), { ...toPod, mark: 1 });
		expect(path && summary(path)).toEqual(["drop", "t f: mark 0x4001", "t f: mark 0x0", "t f: drop"]);
	});

	it("are unsigned 32-bit numbers", () => {
		fc.assert(
			fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (mark, value) => {
				const xor = { mangle: { key: meta("mark"), value: { "^": [meta("mark"), value] } } };
				const expected = BigInt(mark) ^ BigInt(value);
				expect(walk(forward([xor]), { ...toPod, mark })[0]?.hops[0]?.to).toBe(`0x${expected.toString(16)}`);
			}),
		);
	});
});

/** The same table under another name. */
const renamed = (objects: Json[]): Json[] =>
	JSON.parse(JSON.stringify(objects).replaceAll('"table":"t"', '"table":"u"').replaceAll('"name":"t"', '"name":"u"'));

describe("NAT", () => {
	const natted = (statement: Json, hook = "prerouting", family = "ip") =>
		table({ n: [{ type: "nat", hook, prio: -100 }, [statement]] }, { family });

	it.each<[string, Json, { address: string; port: number }]>([
		["an address", { addr: "10.244.3.9" }, { address: "10.244.3.9", port: 8080 }],
		["a port", { port: 80 }, { address: "10.244.3.2", port: 80 }],
		["both", { addr: "10.244.3.9", port: 80 }, { address: "10.244.3.9", port: 80 }],
		[
			"what a map gives",
			{ family: "ip", addr: { map: { key: port("tcp"), data: { set: [[8080, { concat: ["10.244.3.9", 80] }]] } } } },
			{ address: "10.244.3.9", port: 80 },
		],
	])("translates to %s", (_, dnat, endpoint) => {
		expect(walk(natted({ dnat }), toPod)).toMatchObject([{ outcome: "endpoint", endpoint }]);
	});

	it("doesn't happen if a map has no matching element, or for the other family", () => {
		const map = { map: { key: port("tcp"), data: { set: [[1, "10.244.3.9"]] } } };
		expect(ends(walk(natted({ dnat: { addr: map } }), toPod))).toEqual(["untouched"]);
		expect(ends(walk(natted({ dnat: { family: "ip6", addr: "fd00::1" } }, "prerouting", "inet"), toPod))).toEqual([
			"untouched",
		]);
	});

	it("to a range has the result that all its addresses have", () => {
		const to = [{ addr: { range: ["10.244.3.2", "10.244.3.9"] } }, { addr: "10.244.3.2", port: { range: [80, 89] } }];
		for (const dnat of to) {
			expect(ends(walk(natted({ dnat }), toPod))).toEqual(["unknown"]);
			const dropping = forward([match(ip("daddr"), { prefix: { addr: "10.244.3.0", len: 24 } }), drop]);
			expect(ends(walk([...natted({ dnat }), ...renamed(dropping)], toPod))).toEqual(["drop"]);
		}
	});

	it("of the source to a range shows no certain client", () => {
		const snat = { snat: { addr: { range: ["203.0.113.1", "203.0.113.2"] } } };
		const [path] = walk(natted(snat, "postrouting"), toPod);
		expect(path).toMatchObject({ outcome: "untouched", hops: [{ effect: "snat", to: "203.0.113.1 or 203.0.113.2" }] });
		expect(path).not.toHaveProperty("clientIp");
	});

	it("doesn't apply to untracked packets", () => {
		const raw = table({ r: [{ hook: "prerouting", prio: -300 }, [{ notrack: null }]] }, { name: "raw" });
		expect(ends(walk([...natted({ dnat: { addr: "10.244.3.9" } }), ...raw], toPod))).toEqual(["untouched"]);
	});

	it("is complete for packets that return on the loopback interface", () => {
		const objects = table({
			o: [{ type: "nat", hook: "output", prio: -100 }, [{ dnat: { port: 1 } }]],
			p: [{ type: "nat", hook: "prerouting", prio: -100 }, [{ dnat: { port: 2 } }]],
		});
		expect(walk(objects, fromNode({ destination: "172.18.0.4" }))[0]?.endpoint?.port).toBe(1);
	});

	it("of the source shows another client to the receiver", () => {
		const [path] = walk(natted({ snat: { addr: "172.18.0.4" } }, "postrouting"), toPod);
		expect(path).toMatchObject({ clientIp: "172.18.0.4", hops: [{ effect: "snat", to: "172.18.0.4" }] });
	});
});

describe("sets that rules change", () => {
	const set = { name: "seen", type: "ipv4_addr", flags: ["timeout"] };
	const update = (elem: unknown) => ({ set: { op: "update", elem, set: "@seen" } });

	it("contain the source from then on", () => {
		const rules = [[update(ip("saddr"))], [match(ip("saddr"), "@seen"), drop]];
		const [path] = walk(table({ f: [{ hook: "forward" }, ...rules] }, { sets: [set] }), toPod);
		expect(path && summary(path)).toEqual(["drop", "t f: update seen", "t f: drop"]);
	});

	it("are unknown from then on if something other than the source is added", () => {
		const objects = table(
			{ f: [{ hook: "forward" }, [update(ip("daddr"))], [match(ip("daddr"), "@s"), drop]] },
			{ sets: [set] },
		);
		expect(ends(walk(objects, toPod))).toEqual(["unknown"]);
	});
});

describe("statements that let the packet pass", () => {
	it.each<[string, unknown]>([
		["a zone of conntrack", { mangle: { key: { ct: { key: "zone" } }, value: 5 } }],
		["an element of a map", { map: { op: "add", elem: ip("saddr"), data: port("tcp"), map: "@m" } }],
		["an element of a map, as nft 1.0.6 prints it", "add @m { ip saddr : tcp dport }"],
		["an option of TCP that is removed", { reset: { "tcp option": { name: "sack-perm" } } }],
	])("%s", (_, statement) => {
		expect(ends(walk(forward([statement as Json]), toPod))).toEqual(["untouched"]);
		expect(ends(walk(forward([statement as Json, drop]), toPod))).toEqual(["drop"]);
	});

	it("except those that count packets", () => {
		const statement = "update @m { ip saddr limit rate over 10/second : tcp dport }" as unknown as Json;
		expect(ends(walk(forward([statement, drop]), toPod))).toEqual(["unknown"]);
	});
});
