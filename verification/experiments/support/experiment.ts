/** What an experiment is: a question about NodePort, answered by the rules beforehand and by measurement. */
import type { Finding } from "../../report.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

/** Settings of the stack, as its configuration names them. */
export type Settings = Record<string, string | number | string[]>;

/** What an experiment may do to the lab. Whoever runs it puts everything back, however it ends. */
export interface Lab {
	/** The lab as it is now, its rules read anew. */
	look(): Promise<LabSnapshot>;
	/** Comes back at once: the cluster will notice by itself. */
	stopNode(name: string): Promise<void>;
	/** Comes back once the node is Ready. */
	startNode(name: string): Promise<void>;
	/** Has something done when the experiment is over; what was asked last is done first. */
	afterwards(action: () => Promise<unknown>): void;
	/** Waits, unless the user ends the experiments meanwhile. */
	sleep(seconds: number): Promise<void>;
	say(line: string): void;
}

export interface Experiment {
	/** By which it is called on the command line. */
	name: string;
	title: string;
	question: string;
	/** Worker nodes that it needs. */
	workers: number;
	/** What it is measured under, one after the other; what is not named stays as the stack has it. */
	changes(snapshot: LabSnapshot): Settings[];
	/** Each expectation and its measurement, of the lab as it is after one change. */
	measure(lab: Lab, snapshot: LabSnapshot): Promise<Finding[]>;
}
