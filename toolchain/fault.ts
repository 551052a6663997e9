import { readFileSync } from "node:fs";

/** Something that the user can mend: what is wrong, and the command or the step that mends it. */
export class Fault extends Error {
	readonly fix: string;
	constructor(message: string, fix: string) {
		super(message);
		this.name = "Fault";
		this.fix = fix;
	}
}

/** What the user should know, and can mend, though nothing fails of it now. */
export interface Advice {
	found: string;
	/** A command. */
	fix: string;
}

/** A program that failed; what it said is in the log. */
export class CommandFailed extends Error {
	readonly log: string;
	constructor(message: string, log: string) {
		super(message);
		this.name = "CommandFailed";
		this.log = log;
	}
}

/** A program failed, or did not start, because all programs are being ended. */
export class Ended extends Error {}

const [mostLines, mostCharacters] = [20, 160];

/** The end of a log, indented; at most 20 lines of 160 characters. */
function endOfLog(path: string): string {
	const lines = readFileSync(path, "utf8").trimEnd().split("\n").slice(-mostLines);
	const cut = (line: string) => (line.length > mostCharacters ? `${line.slice(0, mostCharacters)}…` : line);
	return lines.map((line) => `    ${cut(line)}`).join("\n");
}

/** What the user reads when a step failed. */
export function explain(step: string, error: unknown): string {
	const again = "then run the same command again.";
	if (error instanceof Fault) return `${step}: ${error.message}\n  What to do: ${error.fix}; ${again}`;
	if (error instanceof CommandFailed) {
		return [
			`${step}: ${error.message}`,
			"  The end of its log:",
			endOfLog(error.log),
			`  Log: ${error.log}`,
			`  What to do: mend what it names (often the network, or a full disk); ${again} It goes on where it stopped.`,
		].join("\n");
	}
	if (isSystemError(error)) {
		return `${step}: ${error.message}\n  What to do: see to its owner (set-up runs as one user) and to free space; ${again}`;
	}
	return `${step}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/** The machine refused something: a missing permission, a full disk. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
	error instanceof Error && "syscall" in error && "code" in error;
