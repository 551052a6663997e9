/** How a packet goes from rule to rule of nftables, and from chain to chain. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Packet } from "../../../../netfilter/model.ts";
import { summary } from "../fixtures.ts";
import { accept, drop, ends, forward, ip, type Json, match, port, random, table, toPod, walk } from "./smallTable.ts";

describe("verdicts", () => {
	it("return after a jump, and after a goto to the last jump", () => {
		const objects = table({
			f: [{ hook: "forward" }, [{ jump: { target: "a" } }], [drop]],
			a: [[{ goto: { target: "b" } }], [accept]],
			b: [[{ return: null }], [accept]],
		});
		const [path] = walk(objects, toPod);
		expect(path && summary(path)).toEqual(["drop", "t f: jump a", "t a: goto b", "t b: return", "t f: drop"]);
	});

	it("accept ends the base chain, drop ends everything", () => {
		const objects = table({
			first: [{ hook: "forward", prio: -1 }, [accept], [drop]],
			second: [{ hook: "forward", prio: 1 }, [drop]],
		});
		const [path] = walk(objects, toPod);
		expect(path && summary(path)).toEqual(["drop", "t first: accept", "t second: drop"]);
	});

	it("of a chain's policy apply at its end", () => {
		const [path] = walk(table({ f: [{ hook: "forward", policy: "drop" }] }), toPod);
		expect(path?.hops).toMatchObject([{ effect: "drop", rule: "policy drop" }]);
	});

	it("of a map are those of the matching element; without one there is none", () => {
		const vmap = (key: unknown) => ({
			vmap: {
				key,
				data: {
					set: [
						[8080, drop],
						[8081, accept],
					],
				},
			},
		});
		expect(ends(walk(forward([vmap(port("tcp"))]), toPod))).toEqual(["drop"]);
		expect(ends(walk(forward([vmap(port("tcp", "sport"))]), toPod))).toEqual(["untouched"]);
		expect(ends(walk(forward([vmap(port("udp"))]), toPod))).toEqual(["untouched"]);
	});

	it("of a map with a random key have their probabilities, from its offset on", () => {
		const vmap = {
			vmap: {
				key: random(3, 1),
				data: {
					set: [
						[1, drop],
						[2, accept],
						[3, { continue: null }],
					],
				},
			},
		};
		expect(
			walk(forward([vmap], [{ reject: null }]), toPod).map(({ outcome, probability }) => [outcome, probability]),
		).toEqual([
			["drop", 1 / 3],
			["untouched", 1 / 3],
			["reject", 1 / 3],
		]);
	});

	it("to a missing chain are unknown", () => {
		expect(ends(walk(forward([{ jump: { target: "missing" } }]), toPod))).toEqual(["unknown"]);
	});

	it.each<[string, Json | null, Partial<Packet>, string | undefined]>([
		["the family's own", null, {}, "icmp-port-unreachable"],
		["another code", { type: "icmp", expr: "admin-prohibited" }, {}, "icmp-admin-prohibited"],
		["a reset", { type: "tcp reset" }, {}, "tcp-reset"],
		["no reset for UDP", { type: "tcp reset" }, { protocol: "udp" }, undefined],
		["none for the other family", { type: "icmpv6", expr: "port-unreachable" }, {}, undefined],
		["both families'", { type: "icmpx", expr: "port-unreachable" }, {}, "icmp-port-unreachable"],
		["both families' that IPv4 calls otherwise", { type: "icmpx", expr: "no-route" }, {}, "icmp-net-unreachable"],
		["a code that iptables spells out", { type: "icmp", expr: "prot-unreachable" }, {}, "icmp-proto-unreachable"],
	])("reject with %s", (_, reject, changes, expected) => {
		expect(walk(forward([{ reject }]), { ...toPod, ...changes })[0]?.rejectedWith).toBe(expected);
	});
});

describe("the order of chains", () => {
	it("follows the priorities; with equal ones, the newest chain comes first", () => {
		const name = (name: string, prio: number) => table({ [name]: [{ hook: "forward", prio }, [accept]] }, { name });
		const [path] = walk([...name("old", 0), ...name("late", 10), ...name("young", 0), ...name("early", -10)], toPod);
		expect(path?.hops.map(({ table }) => table)).toEqual(["early", "young", "old", "late"]);
	});

	it("of type nat follows the kernel's NAT, independent of their priority", () => {
		const objects = table({
			nat: [{ type: "nat", hook: "prerouting", prio: 500 }, [{ dnat: { addr: "10.244.3.9" } }]],
			mangle: [{ hook: "prerouting", prio: -150 }, [match(ip("daddr"), "10.244.3.2"), accept]],
			filter: [{ hook: "prerouting", prio: 0 }, [match(ip("daddr"), "10.244.3.9"), accept]],
		});
		const [path] = walk(objects, toPod);
		expect(path?.hops.map(({ chain }) => chain)).toEqual(["mangle", "nat", "filter"]);
	});

	it("includes tables of family inet, and those of the packet's own family", () => {
		const objects = [
			...table({ f: [{ hook: "forward" }, [accept]] }, { family: "inet", name: "both" }),
			...table({ f: [{ hook: "forward" }, [drop]] }, { family: "ip6", name: "six" }),
			...table({ f: [{ hook: "forward" }, [drop]] }, { family: "bridge", name: "bridge" }),
		];
		expect(walk(objects, toPod)[0]?.hops.map(({ table }) => table)).toEqual(["both"]);
	});
});

describe("probabilities", () => {
	it("of all branches add up to 1", () => {
		const draw = fc
			.integer({ min: 1, max: 5 })
			.chain((mod) =>
				fc.tuple(
					fc.constant(mod),
					fc.array(fc.constantFrom(drop, accept, { continue: null }), { minLength: mod, maxLength: mod }),
				),
			);
		fc.assert(
			fc.property(fc.array(draw, { maxLength: 4 }), (draws) => {
				const rules = draws.map(([mod, verdicts]) => [
					{ vmap: { key: random(mod), data: { set: verdicts.map((verdict, i) => [i, verdict]) } } },
				]);
				const paths = walk(forward(...rules), toPod);
				expect(paths.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
			}),
		);
	});
});
