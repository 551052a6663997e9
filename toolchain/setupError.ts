import { readFileSync } from "node:fs";
import { fullDisks, noRoom } from "./machine/fullDisk.ts";

/** Something that the user can mend: what is wrong, and the command or the step that mends it. */
export class SetupError extends Error {
	readonly fix: string;
	constructor(message: string, fix: string) {
		super(message);
		this.name = "SetupError";
		this.fix = fix;
	}
}

/** What the user should know, and can mend, though nothing fails of it now. */
export interface Advice {
	found: string;
	/** A command. */
	fix: string;
}

/** A command that only root may give, as this user gives it. */
export const asRoot = (command: string): string => (process.getuid?.() === 0 ? command : `sudo ${command}`);

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

const cut = (line: string): string => (line.length > mostCharacters ? `${line.slice(0, mostCharacters)}…` : line);

/** The end of a log, indented; at most 20 lines of 160 characters. */
function endOfLog(path: string): string {
	const lines = readFileSync(path, "utf8").trimEnd().split("\n").slice(-mostLines);
	return lines.map((line) => `    ${cut(line)}`).join("\n");
}

/** What the user reads when a step failed. */
export function explain(step: string, error: unknown): string {
	const again = "then run the same command again.";
	if (error instanceof SetupError) return `${step}: ${error.message}\n  What to do: ${error.fix}; ${again}`;
	const full = whereNoRoomWas(error);
	if (full !== undefined) {
		const disks = fullDisks();
		return [
			`${step}: there is no room left: ${full}`,
			...disks.map((line) => `  ${line}`),
			`  What to do: free some of the disk${disks.length > 0 ? "" : " that it names"} (a first set-up takes 4 GiB in all); ` +
				`${again} What was half made is removed.`,
		].join("\n");
	}
	if (error instanceof CommandFailed) {
		return [
			`${step}: ${error.message}`,
			"  The end of its log:",
			endOfLog(error.log),
			`  Log: ${error.log}`,
			`  What to do: mend what it names (often the network); ${again} It goes on where it stopped.`,
		].join("\n");
	}
	if (isSystemError(error)) {
		return `${step}: ${error.message}\n  What to do: see to its owner (set-up runs as one user); ${again}`;
	}
	return `${step}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

/** What was said where a disk was full, if that is why it failed. */
function whereNoRoomWas(error: unknown): string | undefined {
	if (isSystemError(error)) return noRoom.test(error.code ?? "") ? error.message : undefined;
	if (!(error instanceof CommandFailed)) return undefined;
	const said = readFileSync(error.log, "utf8").split("\n$ ").at(-1) ?? "";
	const line = said.split("\n").find((line) => noRoom.test(line));
	return line === undefined ? undefined : `${error.message}: ${cut(line.trim())}\n  Log: ${error.log}`;
}

/** The machine refused something: a missing permission, a full disk. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
	error instanceof Error && "syscall" in error && "code" in error;
