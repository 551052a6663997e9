/**
 * Set-up: gets everything that the lab needs, or reports what is missing and how to install it. It takes the machine's
 * lock only if something is missing. With --brief it prints nothing if nothing is missing.
 */
import { mkdir } from "node:fs/promises";
import { duration } from "../lib/waitProgress.ts";
import { connect } from "../toolchain/environment/connect.ts";
import { layout } from "../toolchain/layout.ts";
import { endPrograms } from "../toolchain/run.ts";
import { explain } from "../toolchain/setupError.ts";
import { everything, forExisting, forTests } from "../toolchain/steps/requiredSteps.ts";
import { withLock } from "../toolchain/steps/setupLock.ts";
import type { Have, Step } from "../toolchain/steps/step.ts";
import { parseArguments } from "./arguments.ts";

/** With --for-stack only what the stack's cluster needs; another program reports settings that can't be read. */
async function neededSteps(): Promise<Step[]> {
	if (options["for-tests"]) return forTests;
	if (!options["for-stack"]) return everything;
	const { readSettings } = await import("./stack/settings.ts");
	const { stack } = await import("./stack/stack.ts");
	const settings = await readSettings(stack).catch(() => undefined);
	return settings?.plain.cluster === "existing" ? forExisting : everything;
}

async function getMissing(steps: Step[], missing: Step[]): Promise<Have[]> {
	const { estimateMinutes } = await import("../toolchain/steps/estimate.ts");
	const minutes = await estimateMinutes(missing);
	console.log(`Set-up takes about ${minutes} minute${minutes === 1 ? "" : "s"} only this time.`);
	return withLock(console.log, async () => {
		// Loading it takes longer than a set-up with nothing to do.
		const { doSteps } = await import("../toolchain/steps/runSteps.ts");
		const have = await doSteps(steps);
		await connect(have, { isPart: steps === forExisting });
		return have;
	});
}

/** "Found: Docker engine 27.1. Built: kind v0.33.0, …" */
function summary(all: Have[]): string {
	const ways = [...new Set(all.map(({ how }) => how))];
	const lists = ways.map((way) => {
		const items = all.filter(({ how }) => how === way).map(({ what }) => what);
		return `${way.charAt(0).toUpperCase()}${way.slice(1)}: ${items.join(", ")}.`;
	});
	return lists.join(" ");
}

async function endOnSignal(signal: NodeJS.Signals, code: number): Promise<void> {
	console.error(`\nSet-up was interrupted (${signal}). The next run resumes it.`);
	await endPrograms();
	process.exit(code);
}

for (const [signal, code] of [
	["SIGINT", 130],
	["SIGTERM", 143],
	["SIGHUP", 129],
] as const) {
	process.once(signal, () => endOnSignal(signal, code));
}

const usage = "npm run setup";
const help =
	"gets the tools and images that the lab needs, and selects the stack; it doesn't create the lab (npm start does)";

/** bootstrap.mjs gives the options. */
function optionsOf() {
	const flag = { type: "boolean", default: false } as const;
	try {
		return parseArguments(usage, { options: { "for-stack": flag, "for-tests": flag, brief: flag } }, [help]).values;
	} catch (error) {
		console.error(`error: ${(error as Error).message}`);
		process.exit(1);
	}
}

const options = optionsOf();
const began = Date.now();
try {
	await mkdir(layout.folder, { recursive: true });
	const steps = await neededSteps();
	const found = await Promise.all(steps.map((step) => step.find()));
	const missing = steps.filter((_, place) => found[place] === undefined);
	const there = found.filter((have) => have !== undefined);
	const isComplete = missing.length === 0;
	if (isComplete) await connect(there, { isPart: steps === forExisting });
	const have = isComplete ? there : await getMissing(steps, missing);
	if (!isComplete || !options.brief) {
		for (const { notice } of have) if (notice) console.log(notice);
		const time = duration(Date.now() - began);
		const list = options.brief ? "" : ` ${summary(have)}`;
		console.log(isComplete ? `Set-up: nothing to do (${time}).${list}` : `Set-up is complete (${time}).`);
	}
} catch (error) {
	const { StepFailed } = await import("../toolchain/steps/runSteps.ts");
	const [step, cause] = error instanceof StepFailed ? [error.step.title, error.cause] : ["Set-up", error];
	console.error(`\n${explain(step, cause)}`);
	process.exit(1);
}
