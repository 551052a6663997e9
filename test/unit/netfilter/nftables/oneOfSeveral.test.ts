/** Values that the rules don't show: hashes, and what follows from them. */
import { describe, expect, it } from "vitest";
import { fromNode } from "../fixtures.ts";
import { drop, ends, forward, ip, type Json, match, meta, port, table, toPod, walk } from "./smallTable.ts";

const counter = { numgen: { mode: "inc", mod: 2, offset: 0 } };
const hash = { jhash: { mod: 2, expr: ip("saddr") } };
const pods: Json[][] = [[0, "10.244.3.2"] as never, [1, "10.244.3.9"] as never];
const mark = (value: unknown) => ({ mangle: { key: meta("mark"), value } });
const within = (address: string, len: number) => match(ip("daddr"), { prefix: { addr: address, len } });

describe("a hash or a counter of packets", () => {
	const natted = (key: unknown, ...rules: Json[][]) => {
		const dnat = { dnat: { family: "ip", addr: { map: { key, data: { set: pods } } } } };
		return table({ n: [{ type: "nat", hook: "prerouting", prio: -100 }, [dnat]], f: [{ hook: "forward" }, ...rules] });
	};

	it.each([counter, hash])("that chooses the destination has the result that all have: %j", (key) => {
		expect(ends(walk(natted(key), toPod))).toEqual(["unknown"]);
		expect(ends(walk(natted(key, [within("10.244.3.0", 24), drop]), toPod))).toEqual(["drop"]);
		expect(ends(walk(natted(key, [within("10.244.3.9", 32), drop]), toPod))).toEqual(["unknown"]);
	});

	it("that chooses a verdict has the result that all have", () => {
		const vmap = (second: Json) => ({
			vmap: {
				key: counter,
				data: {
					set: [
						[0, drop],
						[1, second],
					],
				},
			},
		});
		expect(ends(walk(forward([vmap(drop)]), toPod))).toEqual(["drop"]);
		expect(ends(walk(forward([vmap({ accept: null })]), toPod))).toEqual(["unknown"]);
	});

	it("leaves those bits of a mark known that are set later", () => {
		const marked = (mask: number, wanted: number) =>
			forward(
				[mark({ symhash: { mod: 2 } })],
				[mark({ "|": [meta("mark"), 0x4000] })],
				[match({ "&": [meta("mark"), mask] }, wanted), drop],
			);
		expect(ends(walk(marked(0x4000, 0x4000), toPod))).toEqual(["drop"]);
		expect(ends(walk(marked(0x4000, 0), toPod))).toEqual(["untouched"]);
		expect(ends(walk(marked(0x1, 0x1), toPod))).toEqual(["unknown"]);
	});
});

describe("a mark from a map whose key is unknown", () => {
	it("matters only to rules that read it", () => {
		const dscp = {
			map: {
				key: ip("dscp"),
				data: {
					set: [
						["cs1", 1],
						["af11", 2],
					],
				},
			},
		};
		expect(ends(walk(forward([mark(dscp)], [within("10.244.3.0", 24), drop]), toPod))).toEqual(["drop"]);
		expect(ends(walk(forward([mark(dscp)], [match(meta("mark"), 1), drop]), toPod))).toEqual(["unknown"]);
	});
});

describe("elements of sets and maps", () => {
	it.each([
		["an interface by the start of its name", meta("iifname"), ["docker*", "eth*"]],
		["a flag of TCP", port("tcp", "flags"), ["fin", "syn"]],
		["several flags of TCP", port("tcp", "flags"), [{ "|": ["fin", "syn"] }, "syn"]],
	])("hold %s", (_, key, elements) => {
		expect(ends(walk(forward([match(key, { set: elements }), drop]), toPod))).toEqual(["drop"]);
		const vmap = { vmap: { key, data: { set: elements.map((element) => [element, drop]) } } };
		expect(ends(walk(forward([vmap]), toPod))).toEqual(["drop"]);
		const others = match(key, { set: elements }, "!=");
		expect(ends(walk(forward([others, drop]), toPod))).toEqual(["untouched"]);
	});
});

describe("statements", () => {
	const ttl = (value: number) => ({ mangle: { key: { payload: { protocol: "ip", field: "ttl" } }, value } });

	it("that lower the TTL may end the packet's path", () => {
		expect(ends(walk(forward([ttl(64)]), toPod))).toEqual(["untouched"]);
		expect(ends(walk(forward([ttl(1)]), toPod))).toEqual(["unknown"]);
	});

	it("map one network to another", () => {
		const prefix = { prefix: { addr: "10.244.3.0", len: 24 } };
		const map = { map: { key: ip("daddr"), data: { set: [[{ prefix: { addr: "10.96.0.0", len: 24 } }, prefix]] } } };
		for (const addr of [prefix, map]) {
			const dnat = { dnat: { family: "ip", addr, flags: "netmap", type_flags: "prefix" } };
			const nat = table({ n: [{ type: "nat", hook: "prerouting", prio: -100 }, [dnat]] });
			expect(walk(nat, { ...toPod, destination: "10.96.0.2" })).toMatchObject([
				{ endpoint: { address: "10.244.3.2" } },
			]);
		}
	});

	it("read the interface that the route leads through", () => {
		const towards = (result: string, name: string) => [match({ fib: { result, flags: ["daddr"] } }, name), drop];
		expect(ends(walk(forward(towards("oifname", "veth0")), toPod))).toEqual(["drop"]);
		expect(ends(walk(forward(towards("oif", "eth0")), toPod))).toEqual(["untouched"]);
		const input = table({ i: [{ hook: "input" }, towards("oifname", "lo")] });
		expect(ends(walk(input, fromNode()))).toEqual(["untouched"]);
		const exists = [match({ fib: { result: "oif", flags: ["daddr"] } }, true), drop];
		expect(ends(walk(forward(exists), toPod))).toEqual(["drop"]);
		expect(ends(walk(table({ i: [{ hook: "input" }, exists] }), fromNode()))).toEqual(["untouched"]);
	});

	it("of a meter with a limit depend on earlier packets", () => {
		const meter = { meter: { key: ip("saddr"), stmt: { limit: { rate: 10, per: "second" } }, name: "m" } };
		expect(ends(walk(forward([meter, drop]), toPod))).toEqual(["unknown"]);
		expect(ends(walk(forward([meter, { log: null }]), toPod))).toEqual(["untouched"]);
	});
});
