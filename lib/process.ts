/** Other processes of this machine, by their id. */
import { existsSync, readFileSync } from "node:fs";
import { uptime } from "node:os";

/** Also true for a process of another user. */
export function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM"; // Another user's process. Otherwise it has ended.
	}
	return !isZombie(pid);
}

/** Whether it has ended, but its parent hasn't waited for it yet. */
function isZombie(pid: number): boolean {
	const state = stat(pid)?.[0];
	return state === undefined ? existsSync("/proc/self/stat") : state === "Z"; // Without /proc this can't be known.
}

/** When a process started, in milliseconds since 1970, to the second; undefined if it isn't running, or without /proc. */
export function startedAt(pid: number): number | undefined {
	const ticks = stat(pid)?.[19];
	// Linux reports 100 ticks a second to programs on every architecture (USER_HZ).
	return ticks === undefined ? undefined : Date.now() - uptime() * 1000 + Number(ticks) * 10;
}

/** The fields of /proc/pid/stat after the program's name, which may contain spaces. The first is the state: proc(5). */
function stat(pid: number): string[] | undefined {
	try {
		return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ");
	} catch (error) {
		if (!["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
		return undefined;
	}
}

export interface ProcessInfo {
	/** The program's name, at most 15 characters (proc(5), /proc/pid/comm). */
	name: string;
	/** In clock ticks since boot. With the pid it identifies a process until the machine restarts. */
	startTime: string;
}

/** A process that hasn't ended: a zombie doesn't count. Undefined outside Linux. */
export function processInfo(pid: number): ProcessInfo | undefined {
	const fields = stat(pid);
	const [state, startTime] = [fields?.[0], fields?.[19]];
	if (state === undefined || state === "Z" || startTime === undefined) return undefined;
	return { name: readFileSync(`/proc/${pid}/comm`, "utf8").trimEnd(), startTime };
}

/** Signals a process group, which may have ended already. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(-pid, signal);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}
