/** `stop`: the lab cannot work; `warning`: it may not, or only in part; `ok`: nothing to do. */
export type Level = "ok" | "warning" | "stop";

/** What the doctor says of one thing. */
export interface Finding {
	subject: string;
	level: Level;
	/** What is, and what is needed. */
	found: string;
	/** The command that mends it; absent where `found` names it. */
	fix?: string;
}

/** One look at the machine. */
export interface Check {
	subject: string;
	/** Whether there is anything to look at. @default true */
	when?: boolean;
	look: () => Promise<Finding[]>;
}
