import { readFileSync } from "node:fs";
import { fullDisks, noRoom } from "./machine/fullDisk.ts";

/** A problem that the user can fix, and the command or step that fixes it. */
export class SetupError extends Error {
	readonly fix: string;
	constructor(message: string, fix: string) {
		super(message);
		this.name = "SetupError";
		this.fix = fix;
	}
}

/** A problem that makes nothing fail yet. */
export interface Advice {
	found: string;
	/** A command. */
	fix: string;
}

/** A command that needs root, as this user runs it. */
export const asRoot = (command: string): string => (process.getuid?.() === 0 ? command : `sudo ${command}`);

/** A program failed; its output is in the log. */
export class CommandFailed extends Error {
	readonly log: string;
	constructor(message: string, log: string) {
		super(message);
		this.name = "CommandFailed";
		this.log = log;
	}
}

/** A program failed or didn't start because set-up is ending. */
export class Ended extends Error {}

const [mostLines, mostCharacters] = [20, 160];

const cut = (line: string): string => (line.length > mostCharacters ? `${line.slice(0, mostCharacters)}…` : line);

/** The end of a log, indented; at most 20 lines of 160 characters. */
function endOfLog(path: string): string {
	const lines = readFileSync(path, "utf8").trimEnd().split("\n").slice(-mostLines);
	return lines.map((line) => `    ${cut(line)}`).join("\n");
}

/** The message about a step that failed. */
export function explain(step: string, error: unknown): string {
	const again = "then run the same command again.";
	if (error instanceof SetupError) return `${step}: ${error.message}\n  What to do: ${error.fix}; ${again}`;
	const full = whereNoRoomWas(error);
	if (full !== undefined) {
		const disks = fullDisks();
		return [
			`${step}: no space left: ${full}`,
			...disks.map((line) => `  ${line}`),
			`  What to do: free some of the disk${disks.length > 0 ? "" : " that it names"} (a first set-up takes 4 GiB in all); ` +
				`${again} Unfinished files are removed.`,
		].join("\n");
	}
	if (error instanceof CommandFailed) {
		return [
			`${step}: ${error.message}`,
			"  The end of its log:",
			endOfLog(error.log),
			`  Log: ${error.log}`,
			`  What to do: fix the cause (often the network); ${again} It resumes where it stopped.`,
		].join("\n");
	}
	if (isSystemError(error)) {
		return `${step}: ${error.message}\n  What to do: check who owns it (set-up must always run as the same user); ${again}`;
	}
	return `${step}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/** The message about a full disk, if that is the cause. */
function whereNoRoomWas(error: unknown): string | undefined {
	if (isSystemError(error)) return noRoom.test(error.code ?? "") ? error.message : undefined;
	if (!(error instanceof CommandFailed)) return undefined;
	const said = readFileSync(error.log, "utf8").split("\n$ ").at(-1) ?? "";
	const line = said.split("\n").find((line) => noRoom.test(line));
	return line === undefined ? undefined : `${error.message}: ${cut(line.trim())}\n  Log: ${error.log}`;
}

/** The system refused something: a missing permission, a full disk. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
	error instanceof Error && "syscall" in error && "code" in error;
