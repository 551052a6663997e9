/** Shows what each step does and for how long, in a terminal or a log. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { duration } from "../../lib/waitProgress.ts";
import { layout } from "../layout.ts";
import { logTo, type Run } from "../run.ts";
import type { Step, Work } from "./step.ts";

/** How often a running step is logged if titles can't be redrawn; milliseconds. */
const heartbeat = 30_000;

/** A title that can be redrawn, and lines below it that stay, such as Listr's task. */
interface Display {
	title: string | undefined;
	output: string;
}

/** A running step. */
export class Progress implements Work {
	readonly run: Run;
	readonly #title: string;
	readonly #display: Display;
	readonly #log: string;
	/** The running parts, and when they began. */
	readonly #parts = new Map<string, number>();
	readonly #timers: NodeJS.Timeout[];
	readonly #outcome: (step: Step) => Promise<unknown>;
	#began: number | undefined;

	constructor(step: Step, display: Display, outcome: (step: Step) => Promise<unknown>) {
		this.#outcome = outcome;
		this.#title = step.title;
		this.#display = display;
		this.#log = join(layout.logs, `${step.name}.log`);
		this.run = logTo(this.#log);
		const draw = () => {
			display.title = this.#now();
		};
		const beat = () => {
			if (!process.stdout.isTTY && this.#parts.size > 0) display.output = this.#now();
		};
		this.#timers = [setInterval(draw, 1000), setInterval(beat, heartbeat)];
	}

	/** Empties the step's log. A step with nothing to do keeps its last log. */
	beginLog(): void {
		mkdirSync(layout.logs, { recursive: true });
		writeFileSync(this.#log, "");
	}

	/** A line for the user that stays. */
	readonly say = (text: string): void => {
		this.note(text);
		this.#display.output = text;
	};

	/** A line for the log only. */
	readonly note = (text: string): void => {
		appendFileSync(this.#log, `# ${text}\n`);
	};

	/** Does one part of the step. The step's time begins with its first part. */
	async part<T>(name: string, work: () => Promise<T>): Promise<T> {
		const began = Date.now();
		this.#began ??= began;
		this.#parts.set(name, began);
		try {
			const result = await work();
			this.note(`${name}: ${duration(Date.now() - began)}`);
			return result;
		} finally {
			this.#parts.delete(name);
		}
	}

	async done(step: Step): Promise<void> {
		await this.#outcome(step);
	}

	/** The step's time so far; "" if it had nothing to do. */
	elapsed(): string {
		return this.#began === undefined ? "" : ` (${duration(Date.now() - this.#began)})`;
	}

	/** Ends the display. */
	end(): void {
		for (const timer of this.#timers) clearInterval(timer);
	}

	#now(): string {
		const parts = [...this.#parts].map(([name, began]) => `${name}, ${duration(Date.now() - began)}`);
		return `${this.#title}: ${parts.length > 0 ? parts.join("; ") : "waiting"}`;
	}
}
