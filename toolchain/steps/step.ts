/** The parts of set-up: things that must be there, and the ways to get them. */

import type { Run } from "../run.ts";
import { Ended, SetupError } from "../setupError.ts";
import type { Plugin } from "../substitutes/requiredPlugins.ts";

/** One thing that must be there. */
export interface Step {
	/** What it is, for the user. */
	title: string;
	/** The name of its log. */
	name: string;
	/** What must be there before work on it begins. */
	needs: Step[];
	/** What is there already. Looks only, and quickly: all steps do so at every start. */
	find(): Promise<Have | undefined>;
	/** Gets it. */
	get(work: Work): Promise<void>;
}

/** What is there, and where from. */
export interface Have {
	/** Name and version: "kind v0.33.0". */
	what: string;
	/** "found in /usr/local/bin", "downloaded", "built". */
	how: string;
	/** What the user should know about it at every start. */
	notice?: string;
	/** A tool's program. */
	program?: string;
	/** Plugins, where that is what is there. */
	plugins?: LocatedPlugin[];
	/** The official Kubernetes provider, where it is there for the tests. */
	officialProvider?: LocatedPlugin;
}

/** A provider's plugin, and where it is. */
export interface LocatedPlugin extends Plugin {
	how: "found" | "downloaded" | "built" | "substitutes";
	/** The folder with the plugin's files. */
	folder: string;
}

/** A step's means to work and to say what it is doing. */
export interface Work {
	/** Runs programs; their output goes to the step's log. */
	run: Run;
	/** Does one part of the step, named as what is going on: "building etcd v3.6.16". */
	part<T>(name: string, work: () => Promise<T>): Promise<T>;
	/** A line for the user that stays. */
	say(text: string): void;
	/** A line for the log only. */
	note(text: string): void;
	/** Waits for another step, which work that is under way needs only now. */
	done(step: Step): Promise<void>;
}

/** One way to get a thing ready-made. */
export interface Source {
	/** For the log: where from. */
	name: string;
	/** Why it is out of reach; undefined if it is not. */
	unreachable(): Promise<string | undefined>;
	get(): Promise<void>;
}

/**
 * Gets a thing from the first source that has it, else builds it. All sources are asked at once whether they can be
 * reached, so that a machine without any waits for one answer's time only. A source that fails is passed over, and the
 * user hears of it; not so one with a SetupError, such as a download that is not what its vendor published.
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
