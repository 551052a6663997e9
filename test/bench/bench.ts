/**
 * How long the lab takes, against the same by other means in the same run: `npm run bench`, and with
 * `-- --only up,destroy,noop,verify` parts of it. Progress on stderr, a table on stdout, all figures in out/bench.json.
 * The machine should have nothing else to do.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg, release, totalmem } from "node:os";
import { parseArguments } from "../../cli/arguments.ts";
import { command } from "../../lib/command.ts";
import { measureNoop } from "./noop.ts";
import type { Comparison, Growth } from "./rounds.ts";
import { heedSignals } from "./runner.ts";
import { benchText } from "./text.ts";
import { measureUpAndDestroy } from "./upAndDestroy.ts";
import { measureVerification } from "./verification.ts";

const parts = ["up", "destroy", "noop", "verify"] as const;
type Part = (typeof parts)[number];

const path = "out/bench.json";
const usage = `npm run bench -- [--rounds <n>] [--only ${parts.join(",")}]`;

/** What was measured, and of what; times are in seconds. */
export interface Bench {
	machine: { cpus: number; memoryGiB: number; kernel: string; node: string; loadBefore: number };
	rounds: number;
	comparisons: Comparison[];
	/** Absent where it was left out. */
	verification?: Growth[];
}

await command(async () => {
	const { rounds, only } = options();
	heedSignals();
	const machine = {
		cpus: cpus().length,
		memoryGiB: Math.round(totalmem() / 2 ** 30),
		kernel: release(),
		node: process.version,
		loadBefore: loadavg()[0] ?? 0,
	};
	const wanted = (...names: Part[]) => names.some((name) => only.includes(name));
	// What is made must be destroyed: each comes with the other.
	const upAndDestroy = wanted("up", "destroy") ? await measureUpAndDestroy(rounds) : [];
	const comparisons = [
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

/** @throws what is wrong, and what is allowed */
function options(): { rounds: number; only: Part[] } {
	const { values } = parseArguments(usage, {
		options: { rounds: { type: "string", default: "3" }, only: { type: "string", default: parts.join(",") } },
	});
	if (!/^[1-9]\d?$/.test(values.rounds))
		throw new Error(`--rounds: got ${JSON.stringify(values.rounds)}, allowed: 1 to 99; usage: ${usage}`);
	const only = values.only.split(",").map((name) => {
		const part = parts.find((part) => part === name);
		if (part) return part;
		throw new Error(`--only: got ${JSON.stringify(name)}, allowed: any of ${parts.join(", ")}; usage: ${usage}`);
	});
	return { rounds: Number(values.rounds), only };
}
