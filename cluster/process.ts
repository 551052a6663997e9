import { existsSync, readFileSync } from "node:fs";

/** Whether a process lives, whoever's it is. */
export function isRunning(pid: number): boolean {
	try {
		process.kill(pid, 0);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM"; // Another user's; else it is gone.
	}
	return !isZombie(pid);
}

/** Whether it has ended, and whoever must take note of that has not yet: proc(5), the state in /proc/pid/stat. */
function isZombie(pid: number): boolean {
	try {
		return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		return existsSync("/proc/self/stat"); // There is no such process any more; no Linux: nothing is known of it.
	}
}
