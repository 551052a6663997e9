/** What the lesson needs of the lab. */
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import type { LabSnapshot } from "../experiments/support/labSnapshot.ts";

/** What breaks and repairs the lab. */
export interface FaultTools {
	readonly cluster: Cluster;
	/** Returns at once: the cluster notices by itself. */
	stopNode(name: string): Promise<void>;
	/** Returns once the node is Ready. */
	startNode(name: string): Promise<void>;
	/** Runs a program on the node itself. @returns its output @throws if it fails */
	onNode(name: string, program: readonly string[]): Promise<string>;
}

export type LabChange = "breaking" | "restoring" | "restored";

export interface LessonLab extends FaultTools {
	/** Aborted when the learner ends the lesson. What repairs the lab ignores it. */
	readonly signal: AbortSignal;
	/** The state of the lab once every node's rules follow its API objects. */
	snapshot(): Promise<LabSnapshot>;
	/** The diagnosis of the lab's Service. */
	diagnose(): Promise<Diagnosis>;
	/** Shows the learner what happens to the lab. */
	report(change: LabChange): void;
}
