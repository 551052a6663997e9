/** `stop`: the lab can't work; `warning`: it works only in part, or may fail; `ok`: nothing to do. */
export type Level = "ok" | "warning" | "stop";

/** The result of one check. */
export interface Finding {
	subject: string;
	level: Level;
	/** What was found, and what is needed. */
	found: string;
	/** The command that fixes it; absent if `found` names it. */
	fix?: string;
	/** `npm start` fixes it without the user. */
	automatic?: true;
}

export interface Check {
	subject: string;
	/** @default true */
	when?: boolean;
	run: () => Promise<Finding[]>;
}
