/** Where a diagnosis reads a cluster from: a live cluster, or a bundle of files. */
import type { Ran } from "../exec.ts";
import type { Kind, ObjectOf } from "./usedFields.ts";

/** What identifies the cluster. */
export interface About {
	/** The cluster's name in the kubeconfig. */
	cluster: string;
	/** The URL of its API server. */
	server: string;
	/** The API server's version, such as "v1.36.3". */
	version: string;
}

/** Which objects: all of the kind, or those in a namespace, with a name or with labels. */
export interface Query<K extends Kind = Kind> {
	kind: K;
	namespace?: string;
	name?: string;
	/** "app=frontend,tier=web" */
	labels?: string;
	/** Only pods that use a port of their node. */
	withHostPort?: true;
}

/** Why something couldn't be read. */
export interface Refusal {
	/** "forbidden": the user lacks the right. "notCollected": the bundle doesn't contain it. */
	kind: "forbidden" | "failed" | "notCollected";
	message: string;
}

export type Answer<T> = { value: T } | { refused: Refusal };

export interface Container {
	namespace: string;
	pod: string;
	container: string;
}

export interface ClusterSource {
	about(): Promise<About>;
	/** An object that doesn't exist is no failure: the list is empty. */
	list<K extends Kind>(query: Query<K>): Promise<Answer<ObjectOf<K>[]>>;
	/** The last lines of a container's log. */
	log(container: Container, lines: number): Promise<Answer<string>>;
	/** Runs a program that only reads. Never rejects: a program that couldn't run has code -1. */
	run(container: Container, program: string[], seconds: number): Promise<Ran>;
	/** Forgets all answers, so that the cluster is read again; absent: its answers don't change. */
	refresh?(): void;
	/** Whether the objects of a Service changed while they were read: a bundle remembers it. */
	wasChanging?(namespace: string, name: string): boolean;
}
