/**
 * How long the lab takes compared to other means in the same run: `npm run bench`, or parts of it with
 * `-- --only up,destroy,noop,verify`. `-- --baseline <folder>` compares a repeated `npm start` with another checkout's.
 * Progress goes to stderr, a table to stdout, all figures to out/bench.json. The machine should be idle.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg, release, totalmem } from "node:os";
import { parseArguments } from "../../cli/arguments.ts";
import { command } from "../../lib/programs/command.ts";
import { measureNoop } from "./noop.ts";
import { measureRepeatedStart } from "./repeatedStart.ts";
import type { Comparison, Growth } from "./rounds.ts";
import { handleSignals } from "./runner.ts";
import { benchText } from "./text.ts";
import { measureUpAndDestroy } from "./upAndDestroy.ts";
import { measureVerification } from "./verificationGrowth.ts";

const parts = ["up", "destroy", "noop", "verify"] as const;
type Part = (typeof parts)[number];

const path = "out/bench.json";
const usage = `npm run bench -- [--rounds <n>] [--only ${parts.join(",")}] [--baseline <folder>]`;

/** All times are in seconds. */
export interface Bench {
	machine: { cpus: number; memoryGiB: number; kernel: string; node: string; loadBefore: number };
	rounds: number;
	comparisons: Comparison[];
	/** Absent if not selected. */
	verification?: Growth[];
}

await command(async () => {
	const { rounds, only, baseline } = options();
	handleSignals();
	const machine = {
		cpus: cpus().length,
		memoryGiB: Math.round(totalmem() / 2 ** 30),
		kernel: release(),
		node: process.version,
		loadBefore: loadavg()[0] ?? 0,
	};
	const wanted = (...names: Part[]) => names.some((name) => only.includes(name));
	// Both are measured if one of them is selected: what is created must be destroyed.
	const upAndDestroy = wanted("up", "destroy") ? await measureUpAndDestroy(rounds) : [];
	const comparisons = [
		...(baseline === undefined ? [] : await measureRepeatedStart(rounds, baseline)),
		...upAndDestroy.filter(({ name }) => only.some((part) => part === name)),
		...(wanted("noop") ? await measureNoop(rounds) : []),
	];
	const verification = wanted("verify") ? await measureVerification(rounds) : undefined;
	const bench: Bench = { machine, rounds, comparisons, ...(verification && { verification }) };
	await mkdir("out", { recursive: true });
	await writeFile(path, `${JSON.stringify(bench, null, 1)}\n`);
	console.log(`${benchText(bench)}\n\nall figures: ${path}`);
	return 0;
});

/** With --baseline only that is measured, unless --only selects more. */
function options(): { rounds: number; only: Part[]; baseline: string | undefined } {
	const { values } = parseArguments(usage, {
		options: { rounds: { type: "string", default: "3" }, only: { type: "string" }, baseline: { type: "string" } },
	});
	if (!/^[1-9]\d?$/.test(values.rounds))
		throw new Error(`--rounds: got ${JSON.stringify(values.rounds)}, allowed: 1 to 99; usage: ${usage}`);
	const { baseline, only: selected = baseline === undefined ? parts.join(",") : "" } = values;
	const only = selected
		.split(",")
		.filter(Boolean)
		.map((name) => {
			const part = parts.find((part) => part === name);
			if (part) return part;
			throw new Error(`--only: got ${JSON.stringify(name)}, allowed: any of ${parts.join(", ")}; usage: ${usage}`);
		});
	return { rounds: Number(values.rounds), only, baseline };
}
