/** How a packet goes from rule to rule of iptables. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIptablesSave } from "../../../../netfilter/iptables/parse.ts";
import { walkIptables } from "../../../../netfilter/iptables/walk.ts";
import { summary, worker3 } from "../fixtures.ts";
import { ends, save, toPod, walk } from "./smallTables.ts";

describe("jumps", () => {
	it("return to the next rule from any depth", () => {
		const [path] = walk({ filter: ["FORWARD -j A", "FORWARD -j DROP", "A -j B", "A -j RETURN", "B -j RETURN"] }, toPod);
		expect(path && summary(path)).toEqual([
			"drop",
			"filter FORWARD: jump A",
			"filter A: jump B",
			"filter B: return",
			"filter A: return",
			"filter FORWARD: drop",
		]);
	});

	it("return at the chain's end without a RETURN", () => {
		const [path] = walk({ filter: ["FORWARD -j A", "FORWARD -j DROP", "A -p udp -j ACCEPT"] }, toPod);
		expect(path && summary(path)).toEqual(["drop", "filter FORWARD: jump A", "filter FORWARD: drop"]);
	});

	it("by -g return to the last jump by -j", () => {
		const rules = ["FORWARD -j A", "FORWARD -j DROP", "A -g B", "A -j ACCEPT", "B -j RETURN"];
		const [path] = walk({ filter: rules }, toPod);
		expect(path && summary(path)).toEqual([
			"drop",
			"filter FORWARD: jump A",
			"filter A: goto B",
			"filter B: return",
			"filter FORWARD: drop",
		]);
	});

	it("to a missing chain are unknown", () => {
		const [path] = walk({ filter: ["FORWARD -j MISSING"] }, toPod);
		expect(path?.outcome).toBe("unknown");
		expect(path?.hops.at(-1)?.text).toContain('"MISSING" is neither a supported target nor a chain');
	});

	it("in a circle, which no kernel accepts, are unknown", () => {
		const [path] = walk({ filter: ["FORWARD -j A", "A -j B", "B -j A"] }, toPod);
		expect(path?.outcome).toBe("unknown");
		expect(path?.hops.at(-1)?.text).toContain("circle");
	});
});

describe("the end of a built-in chain", () => {
	it("is its policy", () => {
		const [path] = walkIptables(parseIptablesSave(save({ filter: [] }, "DROP")), toPod, worker3);
		expect(path && summary(path)).toEqual(["drop", "filter FORWARD: drop"]);
		expect(path?.hops[0]?.rule).toBe("policy DROP of chain FORWARD");
	});

	it("also comes with a RETURN", () => {
		const tables = parseIptablesSave(save({ filter: ["FORWARD -j RETURN", "FORWARD -j ACCEPT"] }, "DROP"));
		const [path] = walkIptables(tables, toPod, worker3);
		expect(path && summary(path)).toEqual(["drop", "filter FORWARD: return", "filter FORWARD: drop"]);
	});

	it("by ACCEPT ends only that table", () => {
		const [path] = walk({ mangle: ["FORWARD -j ACCEPT", "FORWARD -j DROP"], filter: ["FORWARD -j DROP"] }, toPod);
		expect(path && summary(path)).toEqual(["drop", "mangle FORWARD: accept", "filter FORWARD: drop"]);
	});
});

describe("thousands of rules", () => {
	const numbers = Array.from({ length: 5000 }, (_, index) => index);

	it("that call chains and return are followed to their end", () => {
		const filter = numbers.flatMap((n) => [`FORWARD -j C${n}`, `C${n} -s 192.0.2.1/32 -j DROP`]);
		expect(ends(walk({ filter: [...filter, "FORWARD -j REJECT"] }, toPod))).toEqual(["reject"]);
	});

	it("whose conditions can't be evaluated end as unknown", () => {
		const filter = numbers.map((n) => `FORWARD -m set --match-set s${n} src -j DROP`);
		expect(ends(walk({ filter }, toPod))).toEqual(["unknown"]);
	});
});

describe("marks", () => {
	it.each([
		["--set-xmark 0x4000/0x4000", 0x1, 0x4001],
		["--set-xmark 0x4000/0x0", 0x4001, 0x1],
		["--set-xmark 0x0/0xffffffff", 0xffffffff, 0],
		["--set-mark 0x1/0xff", 0x42ff, 0x4201],
		["--or-mark 0x80000000", 0x1, 0x80000001],
		["--and-mark 0xffffbfff", 0x4001, 0x1],
	])("by MARK %s go from %i to %i", (option, before, after) => {
		const [path] = walk({ mangle: [`FORWARD -j MARK ${option}`] }, { ...toPod, mark: before });
		expect(path?.hops[0]?.to).toBe(`0x${after.toString(16)}`);
	});

	it("by a hash of the packet are unknown, except for bits that are set later", () => {
		const mangle = [
			"PREROUTING -j HMARK --hmark-tuple src,dst --hmark-mod 10 --hmark-rnd 0x1",
			"PREROUTING -j MARK --set-xmark 0x4000/0x4000",
		];
		const dropped = (mark: string) =>
			ends(walk({ mangle, filter: [`FORWARD -m mark --mark ${mark} -j DROP`] }, toPod))[0];
		expect(["0x4000/0x4000", "0x0/0x4000", "0x1/0x4001", "0x4001/0x4001"].map(dropped)).toEqual([
			"drop",
			"untouched",
			"untouched",
			"unknown",
		]);
		expect(walk({ mangle }, toPod)[0]?.unevaluated).toEqual([expect.stringContaining("the packet's mark")]);
	});

	it("are compared with their mask", () => {
		fc.assert(
			fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), fc.nat(0xffffffff), (mark, value, mask) => {
				const rule = `FORWARD -m mark --mark 0x${value.toString(16)}/0x${mask.toString(16)} -j DROP`;
				const matches = BigInt(mark) & BigInt(mask);
				expect(ends(walk({ filter: [rule] }, { ...toPod, mark }))).toEqual([
					matches === BigInt(value) ? "drop" : "untouched",
				]);
			}),
		);
	});
});
