/** An experiment answers a question about NodePort: with a prediction from the rules, and with a measurement. */
import type { SnapshotScope } from "../../../kubernetes/snapshot.ts";
import type { Measurement } from "../model.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

/** Settings of the stack, by their names in its configuration. */
export type Settings = Record<string, string | number | string[]>;

/** A Service, and the Deployment behind it. @default the lab's */
export interface ServiceScope extends Partial<Pick<SnapshotScope, "service" | "echo">> {
	/** The nodes whose rules are read. @default all */
	rulesOn?: string[];
}

/** What an experiment may do to the lab. The runner undoes everything, however the experiment ends. */
export interface Lab {
	/** Aborted when the user ends the experiments. */
	readonly signal: AbortSignal;
	/** How many Services many-services creates, in ascending order. */
	readonly serviceCounts: readonly number[];
	/** The current state of the lab, its rules included. */
	snapshot(of?: ServiceScope): Promise<LabSnapshot>;
	/** Returns at once: the cluster notices by itself. */
	stopNode(name: string): Promise<void>;
	/** Returns once the node is Ready. */
	startNode(name: string): Promise<void>;
	/** Registers what to do after the experiment; the last action runs first. */
	afterwards(action: () => Promise<unknown>): void;
	/** @throws if the user ends the experiments */
	sleep(seconds: number): Promise<void>;
	say(line: string): void;
}

export interface Experiment {
	/** The name on the command line. */
	name: string;
	title: string;
	question: string;
	/** How many worker nodes it needs. */
	workers: number;
	/** It runs only if the command names it: it takes as long as all others together. */
	onlyByName?: true;
	/** The settings to measure under, one after the other; other settings keep their start values. */
	changes(snapshot: LabSnapshot): Settings[];
	/** Runs once for each of the changes. */
	measure(lab: Lab, snapshot: LabSnapshot): Promise<Measurement[]>;
}
