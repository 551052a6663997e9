/**
 * The walk against the Linux kernel: random rules, packets from everywhere, and the kernel's own trace of each.
 * KERNEL_SEED repeats a run, KERNEL_PACKETS says how many packets are sent in all.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differs, randomTrial, runCampaign } from "./campaign.ts";
import { Machine } from "./machine/machine.ts";
import type { Probe } from "./machine/packets.ts";
import { load } from "./machine/ruleTools.ts";
import type { RuleSet } from "./ruleBlocks.ts";
import { shrink } from "./shrink.ts";
import { judge, type Result } from "./trial.ts";

const seed = Number(process.env.KERNEL_SEED ?? Date.now() % 1_000_000_000);
const packets = Number(process.env.KERNEL_PACKETS ?? 300);

const kinds = [
	{ tool: "iptables", family: "ipv4" },
	{ tool: "iptables", family: "ipv6" },
	{ tool: "nftables", family: "ipv4" },
	{ tool: "nftables", family: "ipv6" },
] as const;

const campaigns = [false, true].flatMap((others) =>
	kinds.map((kind) => ({ ...kind, others, rules: others ? "other programs' rules" : "strange rules" })),
);

/** The walk may say that it does not know, for rules that nobody but this test writes; but seldom. */
const unknownShare = 0.02;

/** Of few packets, a single rule set may decide how many are of a kind. */
const few = 1000;

describe(`of the Linux kernel (KERNEL_SEED=${seed} KERNEL_PACKETS=${packets})`, () => {
	let machine: Machine;
	beforeAll(async () => {
		machine = await Machine.start();
	});
	afterAll(async () => {
		await machine.remove();
	});

	const sent = { all: 0, udp: 0, ipv6: 0 };

	it.each(campaigns)(
		"every packet takes a path of the walk through $tool, $family, next to $rules",
		async (campaign) => {
			const { tool, family, others } = campaign;
			const share = Math.ceil(packets / campaigns.length);
			const { problems, reasons, ...counts } = await runCampaign(machine, {
				tool,
				family,
				others,
				seed,
				packets: share,
			});
			const needless = `${((100 * counts.needless) / counts.packets).toFixed(2)} % needless unknowns`;
			console.log(
				`${tool} ${family}, ${campaign.rules}, KERNEL_SEED=${seed}: ${JSON.stringify(counts)}, ${[needless, ...reasons].join("\n\t")}`,
			);
			expect(problems.join("\n\n")).toBe("");
			expect(counts.packets).toBe(share);
			sent.all += counts.packets;
			sent.udp += counts.udp;
			if (family === "ipv6") sent.ipv6 += counts.packets;
			if (share >= few) expect(counts.needless / share).toBeLessThan(unknownShare);
		},
	);

	it.skipIf(packets < few * campaigns.length)("at least a third of the packets are of UDP, and of IPv6", () => {
		console.log(`KERNEL_SEED=${seed}: ${JSON.stringify(sent)}`);
		expect(sent.udp / sent.all).toBeGreaterThan(1 / 3);
		expect(sent.ipv6 / sent.all).toBeGreaterThan(1 / 3);
	});

	/** The packets on whose way the kernel differs, where a bit of its rules' marks is another one than the walk reads. */
	async function misread(rules: RuleSet, probes: readonly Probe[]): Promise<Result[]> {
		const walked = await load(machine, rules);
		await load(
			machine,
			changed(rules, (line) => line.replaceAll("0x4000", "0x8000")),
		);
		return (await judge(walked, machine, probes)).filter(differs);
	}

	it.each(kinds)("finds out a walk that misreads $tool, $family", async ({ tool, family }) => {
		const { rules, probes } = randomTrial(tool, family, 1, 50);
		expect(await misread(rules, probes)).not.toEqual([]);
	});

	/** A small rule set, and a packet that it misreads each time: one whose way draws no lots. */
	async function misreadAlone(): Promise<{ rules: RuleSet; alone: Probe[] }> {
		const trials = Array.from({ length: 40 }, (_, i) => randomTrial("iptables", "ipv4", i + 1, 50));
		const size = ({ blocks }: RuleSet) => blocks.reduce((lines, block) => lines + block.lines.length, 0);
		for (const { rules, probes } of trials.sort((a, b) => size(a.rules) - size(b.rules))) {
			const certain = (await misread(rules, probes)).find(({ paths }) => paths.length === 1);
			if (certain) return { rules, alone: [certain.probe] };
		}
		throw new Error("no rule set misreads a packet whose way draws no lots");
	}

	it("makes rules as few as they can be while the walk misreads them", async () => {
		const { rules, alone } = await misreadAlone();
		const smallest = await shrink(rules, async (smaller) => (await misread(smaller, alone).catch(() => [])).length > 0);
		const left = smallest.blocks.flatMap(({ lines }) => lines).filter((line) => line.startsWith("-A "));
		expect(left.join("\n")).toMatch(/0x4000/);
		expect(left.length).toBeLessThan(8);
	});
});

const changed = (rules: RuleSet, change: (line: string) => string): RuleSet => ({
	...rules,
	blocks: rules.blocks.map((block) => ({ ...block, lines: block.lines.map(change) })),
});
