import { describe, expect, it } from "vitest";
import { ruleOfIptables } from "../../../../netfilter/iptables/parse.ts";
import type { Path } from "../../../../netfilter/model.ts";
import { pointText } from "../../../../report/traceText.ts";
import { actingSteps, compare } from "../../../../verification/trace/compare.ts";
import type { TraceDifference } from "../../../../verification/trace/model.ts";
import { type Passage, packetsOf, parseNftTrace, parseXtablesTrace } from "../../../../verification/trace/parse.ts";
import { captureOf, captures, fixture, rulesetOf } from "./traceLab.ts";

function captured(file: string): Passage[] {
	const [passages = []] = packetsOf((file.endsWith(".nft.txt") ? parseNftTrace : parseXtablesTrace)(fixture(file)));
	return passages.filter(({ steps }) => !steps[0]?.table.startsWith("nodeport-lab-trace-"));
}

const inWords = (difference: TraceDifference | undefined) =>
	difference && {
		agreed: difference.agreed,
		kernel: pointText(difference.kernel),
		predicted: pointText(difference.predicted),
	};

it.each(captures)("the predicted path equals the kernel's: %s on %s", async (file, node, packet, rules) => {
	const { walk, ruleText } = await rulesetOf(node);
	expect(compare(walk(packet), packet, captured(file), ruleText)).toBeUndefined();
	expect(actingSteps(captured(file), ruleText)).toHaveLength(rules);
});

it("recognizes an nftables trace of another ruleset by its rules' numbers", async () => {
	const [file, node, packet] = captureOf("own-node.nft.txt");
	const { walk } = await rulesetOf(node);
	expect(inWords(compare(walk(packet), packet, captured(file), () => undefined))).toEqual({
		agreed: 0,
		kernel: "kube-proxy filter-prerouting-pre-dnat: rule 24, which is new (jump firewall-check)",
		predicted: "kube-proxy filter-prerouting-pre-dnat: ct state new jump firewall-check (jump firewall-check)",
	});
});

describe("a kernel that differs", async () => {
	const [file, node, packet] = captureOf("own-node.xtables.txt");
	const passages = captured(file);
	const { walk } = await rulesetOf(node);
	const differenceOf = (changed: Passage[], paths: Path[] = walk(packet)) =>
		inWords(compare(paths, packet, changed, ruleOfIptables));
	/** The trace with its n-th passage changed. */
	const changed = (n: number, change: (passage: Passage) => Partial<Passage>): Passage[] =>
		passages.map((passage, i) => (i === n ? { ...passage, ...change(passage) } : passage));
	const natPrerouting = passages.findIndex(({ steps }) => steps[0]?.table === "nat");

	it("skips a rule", () => {
		const skipped = changed(natPrerouting, ({ steps }) => ({
			steps: steps.filter(({ chain }) => chain !== "KUBE-MARK-MASQ"),
		}));
		expect(differenceOf(skipped)).toMatchObject({
			agreed: 4,
			kernel: expect.stringMatching(/^nat KUBE-EXT-\w+: -A .* \(jump KUBE-SVC-\w+\)$/),
			predicted: "nat KUBE-MARK-MASQ: -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000 (continue)",
		});
	});

	it("meets another rule of the same chain", () => {
		const other = changed(natPrerouting, ({ steps: [first, ...rest] }) => ({
			steps: first ? [{ ...first, rule: "-A PREROUTING -j KUBE-SERVICES" }, ...rest] : rest,
		}));
		expect(differenceOf(other)).toMatchObject({
			agreed: 0,
			kernel: expect.stringContaining("-A PREROUTING -j KUBE-SERVICES"),
		});
	});

	it("stops early", () => {
		expect(differenceOf(passages.slice(0, -1))).toMatchObject({
			agreed: 11,
			kernel: "no further rule acts on the packet",
		});
	});

	it("goes further", () => {
		const paths = walk(packet).map((path) => ({ ...path, hops: path.hops.slice(0, -1) }));
		expect(differenceOf(passages, paths)).toMatchObject({
			agreed: 13,
			predicted: "no further rule acts on the packet",
		});
	});

	it.each([
		["its source", 0, { source: "192.0.2.1" }, { agreed: 0, kernel: "the packet comes from 192.0.2.1" }],
		["its destination", 2, { destination: "192.0.2.1" }, { agreed: 8, kernel: "the packet goes to 192.0.2.1:8080" }],
		["its mark", 2, { mark: 0 }, { kernel: "the packet's mark is 0x0", predicted: "the packet's mark is 0x4000" }],
	])("sees another packet: %s", (_, n, seen, difference) => {
		const other = changed(n, ({ packet }) => ({ packet: { ...packet, ...seen } }));
		expect(differenceOf(other)).toMatchObject(difference);
	});

	it("drops by a chain's policy", () => {
		const dropped = changed(passages.length - 1, ({ steps: [first] }) => ({
			steps: first ? [{ table: "nat", chain: "POSTROUTING", kind: "policy", verdict: "drop" }] : [],
		}));
		expect(differenceOf(dropped)).toMatchObject({ agreed: 11, kernel: "nat POSTROUTING: policy (drop)" });
	});

	it("is compared with the most similar of several paths", () => {
		const paths = walk(packet);
		const ended = passages.slice(0, -1);
		expect(paths.map((path) => differenceOf(ended, [path])?.agreed).toSorted()).toEqual([11, expect.any(Number)]);
		for (const both of [paths, paths.toReversed()]) expect(differenceOf(ended, both)?.agreed).toBe(11);
	});

	it("agrees if a rule only logs the packet", () => {
		const looked = changed(natPrerouting, ({ steps: [first, ...rest] }) => ({
			steps: first ? [first, { ...first, verdict: "continue", rule: "-A PREROUTING -p tcp -j LOG" }, ...rest] : rest,
		}));
		expect(differenceOf(looked)).toBeUndefined();
	});
});
