/** Runs steps in parallel, each after the steps that it needs, and shows them by listr2. */
import { Listr, type ListrBaseClassOptions, ListrLogger, ListrLogLevels, type ListrTask } from "listr2";
import { endPrograms } from "../run.ts";
import { Ended } from "../setupError.ts";
import type { Have, Step } from "./step.ts";
import { Progress } from "./stepProgress.ts";

/** The first step that failed. The others were ended. */
export class StepFailed extends Error {
	readonly step: Step;
	constructor(step: Step, cause: unknown) {
		super(`${step.title} failed`, { cause });
		this.step = step;
	}
}

/** A promise that other code settles. */
class Outcome<T> {
	readonly promise: Promise<T>;
	resolve: (value: T) => void = () => {};
	reject: (error: Error) => void = () => {};
	constructor() {
		this.promise = new Promise((resolve, reject) => {
			this.resolve = resolve;
			this.reject = reject;
		});
		// No other step may wait for it.
		this.promise.catch(() => {});
	}
}

/**
 * Runs these steps. It never settles if a signal ends their programs: the process exits.
 * @returns what each step has, in their order
 * @throws StepFailed after all their programs have ended
 */
export async function doSteps(steps: Step[], renderer: "default" | "silent" = "default"): Promise<Have[]> {
	const outcomes = new Map(steps.map((step) => [step, new Outcome<Have>()]));
	const outcome = (step: Step): Outcome<Have> => {
		const known = outcomes.get(step);
		if (!known) throw new Error(`${step.title} is needed by a step, but isn't one of the steps`);
		return known;
	};
	let failure: StepFailed | undefined;

	const task = (step: Step): ListrTask => ({
		title: step.title,
		rendererOptions: { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true },
		task: async (_, display) => {
			const progress = new Progress(step, display, (other) => outcome(other).promise);
			try {
				for (const needed of step.needs) await progress.done(needed);
				const have = await perform(step, progress);
				display.title = `${have.what}: ${have.how}${progress.elapsed()}`;
				outcome(step).resolve(have);
			} catch (error) {
				if (failure || error instanceof Ended) return display.skip(`${step.title}: ended`);
				failure = new StepFailed(step, error);
				for (const other of outcomes.values()) other.reject(failure);
				await endPrograms();
				throw failure;
			} finally {
				progress.end();
			}
		},
	});

	const list = new Listr(steps.map(task), {
		concurrent: true,
		...(renderer === "silent" ? { renderer } : rendering()),
	});
	await list.run().catch((error) => {
		throw failure ?? error;
	});
	return Promise.all(steps.map((step) => outcome(step).promise));
}

/** Build servers may have a terminal, but keep every line. */
const rendering = (): ListrBaseClassOptions<unknown, "default" | "simple"> =>
	process.stdout.isTTY && !process.env.CI
		? { renderer: "default" }
		: { renderer: "simple", rendererOptions: { logger: new EndLogger({ useIcons: true, toStderr: [] }) } };

/** One line for each step, at its end. */
class EndLogger extends ListrLogger {
	override log(...[level, ...rest]: Parameters<ListrLogger["log"]>): void {
		if (level !== ListrLogLevels.STARTED) super.log(level, ...rest);
	}
}

async function perform(step: Step, progress: Progress): Promise<Have> {
	const there = await step.find();
	if (there) return there;
	progress.beginLog();
	await step.get(progress);
	const got = await step.find();
	if (!got) throw new Error(`${step.title} was made, but wasn't found`);
	return got;
}
