/** Running processes: what /proc shows of them (on Linux; elsewhere nothing is known of any), and signals to them. */
import { readFileSync } from "node:fs";

export interface ProcessInfo {
	/** The program's name, at most 15 characters (proc(5), /proc/pid/comm). */
	name: string;
	/** When it started, in clock ticks since boot: with the pid it names a process for as long as the machine runs. */
	startTime: string;
}

/** The process of that pid, unless there is none. One that ended and is not yet waited for (a zombie) counts as none. */
export function processInfo(pid: number): ProcessInfo | undefined {
	let stat: string;
	try {
		stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	} catch {
		return undefined; // no such file: no such process
	}
	// pid (name) state ppid … starttime …; the name may itself hold spaces and parentheses. proc(5), /proc/pid/stat.
	const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	const [state, startTime] = [fields[0], fields[19]];
	return state === "Z" || startTime === undefined ? undefined : { name, startTime };
}

/** Signals a process group, which may have ended meanwhile. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
	try {
		process.kill(-pid, signal);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}
