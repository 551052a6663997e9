import { describe, expect, it } from "vitest";
import type { Hop } from "../../../../netfilter/model.ts";
import { isDecisive, stepsOf } from "../../../../report/path/packetSteps.ts";
import { stepsText } from "../../../../report/path/stepsText.ts";
import type { JourneyWithHops } from "../../../../verification/journey/model.ts";
import { fullReport } from "../full.ts";

const explained = fullReport().explained ?? expect.fail("the fixture explains no path");

it("shows the steps that change the packet, with the addresses before and after in two columns", () => {
	expect(stepsText(explained, { rules: false, width: 100 })).toMatchSnapshot();
});

it("shows all steps on request", () => {
	const text = stepsText(explained, { rules: true, width: 100 });
	expect(text.match(/^ ?\d+\. /gm)).toHaveLength(29);
	expect(text).not.toContain("only pass it on");
});

it.each([50, 80, 100, 160])("is at most %i columns wide", (width) => {
	for (const rules of [false, true]) {
		const lines = stepsText(explained, { rules, width }).split("\n");
		expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
	}
});

it("keeps the numbers of all steps, whichever are shown", () => {
	const text = stepsText(explained, { rules: false, width: 100 });
	expect([...text.matchAll(/^ ?(\d+)\. /gm)].map(([, number]) => number)).toEqual(["8", "13", "15", "16", "22"]);
});

const hop = (effect: Hop["effect"], to?: string): Hop => ({
	table: "nat",
	chain: "C",
	rule: `-A C ${effect}`,
	effect,
	...(to !== undefined && { to }),
	text: `C: ${effect}.`,
});

const journeyWith = (hops: Hop[], end: JourneyWithHops["branches"][number]["end"]): JourneyWithHops => ({
	client: "c",
	address: "10.0.0.1:80",
	omittedBranches: 0,
	hops,
	branches: [
		{
			probability: 1,
			outcome: "timeout",
			end,
			legs: [{ node: "n", source: "10.0.0.9", destination: "10.0.0.1:80", hops: hops.map((_, i) => i) }],
		},
	],
});

describe("a step", () => {
	it.each([
		["dnat", "10.1.1.1:8080", true],
		["snat", "10.1.1.1", true],
		["masquerade", undefined, true],
		["drop", undefined, true],
		["reject", undefined, true],
		["unknown", undefined, true],
		["notrack", undefined, true],
		["jump", "KUBE-SEP-X", true],
		["jump", "KUBE-SVC-X", false],
		["goto", "CUSTOM", false],
		["mark", "0x4000", false], // Not in kube-proxy's chain for masquerading.
		["accept", undefined, false],
		["return", undefined, false],
	] as const)("%s to %s is shown: %s", (effect, to, isShown) => {
		const { branches, hops } = journeyWith([hop(effect, to)], { kind: "drop", node: "n" });
		const steps = stepsOf(branches[0]?.legs ?? [], hops).flatMap(({ steps }) => steps);
		expect(steps.map(isDecisive)).toEqual([isShown]);
	});

	it("that rewrites an address shows it as the steps before left it", () => {
		const hops = [
			hop("dnat", "10.1.1.1:8080"),
			hop("dnat", "10.1.1.2:8080"),
			hop("masquerade"),
			hop("snat", "10.2.2.2"),
		];
		const { branches } = journeyWith(hops, { kind: "drop", node: "n" });
		const steps = stepsOf(branches[0]?.legs ?? [], hops).flatMap(({ steps }) => steps);
		expect(steps.map(({ rewrite }) => rewrite)).toEqual([
			{ field: "destination", before: "10.0.0.1:80", after: "10.1.1.1:8080" },
			{ field: "destination", before: "10.1.1.1:8080", after: "10.1.1.2:8080" },
			{ field: "source", before: "10.0.0.9", after: undefined },
			{ field: "source", before: undefined, after: "10.2.2.2" },
		]);
	});
});

it("never hides why no answer comes, nor a rule that can't be evaluated", () => {
	const dropped = journeyWith([hop("jump", "X"), hop("drop")], { kind: "drop", node: "n" });
	const text = stepsText(dropped, { rules: false, width: 100 });
	expect(text).toContain(" 2. C: drop.\n      -A C drop");
	expect(text).toContain("No answer: n drops it");
	expect(text).toContain("1 of 2 rules only pass it on. All: npm run explain -- --from c --to 10.0.0.1:80 --verbose");
});

it("says that no rule acts, or that none changes the packet", () => {
	const end = { kind: "drop", node: "n" } as const;
	expect(stepsText(journeyWith([], end), { rules: false, width: 80 })).toContain("No rule acts on the packet.");
	expect(stepsText(journeyWith([hop("accept")], end), { rules: false, width: 80 })).toContain(
		"No rule changes the packet.",
	);
});
