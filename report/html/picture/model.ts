/** A packet's path as a picture: lanes from left to right, and rows in the order of time. */

export interface Lane {
	/** Unique in the picture. */
	id: string;
	/** "rules": a node's kernel */
	kind: "client" | "rules" | "pod";
	title: string;
	address?: string | undefined;
}

/** Neighboring lanes in the same place: a node, or outside the cluster. */
export interface Band {
	kind: "node" | "outside";
	title: string;
	address?: string | undefined;
	lanes: Lane[];
}

export interface Change {
	field: "source" | "destination";
	/** Absent if the address isn't known. */
	before?: string | undefined;
	after?: string | undefined;
}

interface Step {
	/** One sentence about the step. */
	text: string;
	/** Of the reply, not of the request. */
	isReply: boolean;
}

export type Row = Step &
	(
		| { kind: "arrow"; from: string; to: string; source: string; destination: string }
		/** `chain` and `rule`: absent if connection tracking changes the packet. */
		| { kind: "change"; lane: string; by: string; changes: Change[]; chain?: string; rule?: string; number?: number }
		| { kind: "end"; lane: string; title: string; isAnswered: boolean }
	);

export interface Picture {
	bands: Band[];
	rows: Row[];
	/** Why the reply isn't drawn. */
	note?: string;
}
