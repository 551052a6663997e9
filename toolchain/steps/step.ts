/** The steps of set-up: each finds or gets one thing that the lab needs. */

import type { Run } from "../run.ts";
import { Ended, SetupError } from "../setupError.ts";
import type { Plugin } from "../substitutes/requiredPlugins.ts";

/** One thing that the lab needs. */
export interface Step {
	/** Its name for the user. */
	title: string;
	/** The name of its log. */
	name: string;
	/** Steps that must be finished before this one begins. */
	needs: Step[];
	/** Checks whether it exists. Every `npm start` calls this for all steps, so it must be quick. */
	find(): Promise<Have | undefined>;
	/** Gets it. */
	get(work: Work): Promise<void>;
}

/** What was found, and its source. */
export interface Have {
	/** Name and version: "kind v0.33.0". */
	what: string;
	/** "found in /usr/local/bin", "downloaded", "built". */
	how: string;
	/** A line that every `npm start` prints. */
	notice?: string;
	/** A tool's program. */
	program?: string;
	/** Only of the plugins' step. */
	plugins?: LocatedPlugin[];
	/** Only of the step for the tests. */
	officialProvider?: LocatedPlugin;
}

/** A provider's plugin and its location. */
export interface LocatedPlugin extends Plugin {
	how: "found" | "downloaded" | "built" | "substitutes";
	/** The folder with the plugin's files. */
	folder: string;
}

/** What a step runs programs and reports progress with. */
export interface Work {
	/** Runs programs; their output goes to the step's log. */
	run: Run;
	/** Does one part of the step. The name says what it does: "building etcd v3.6.16". */
	part<T>(name: string, work: () => Promise<T>): Promise<T>;
	/** Prints a line for the user. */
	say(text: string): void;
	/** Adds a line to the log. */
	note(text: string): void;
	/** Waits for another step. */
	done(step: Step): Promise<void>;
}

/** One source to download something from. */
export interface Source {
	/** Its name in the log. */
	name: string;
	/** Why it is unreachable; undefined if it is reachable. */
	unreachable(): Promise<string | undefined>;
	get(): Promise<void>;
}

/**
 * Downloads something from the first source that works, else builds it. All sources are checked at the same time. A
 * source that fails is reported and skipped, except for a SetupError, such as a wrong checksum.
 */
export async function obtain(
	sources: Source[],
	build: () => Promise<void>,
	{ say, note }: Pick<Work, "say" | "note">,
): Promise<void> {
	const reasons = sources.map((source) => source.unreachable());
	for (const [i, source] of sources.entries()) {
		const reason = await reasons[i];
		if (reason !== undefined) {
			note(`${source.name}: ${reason}`);
			continue;
		}
		try {
			return await source.get();
		} catch (error) {
			if (error instanceof SetupError || error instanceof Ended) throw error;
			say(`${source.name}: ${error instanceof Error ? error.message : String(error)}`);
		}
	}
	await build();
}
