import { execa } from "execa";

/** Ends a process and all its descendants with SIGKILL: Pulumi's plugins run in process groups of their own. */
export async function endProcesses(root: number | undefined): Promise<void> {
	if (root === undefined) return;
	const { stdout } = await execa("ps", ["-A", "-o", "pid=,ppid="]);
	const pairs = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
	const family = [root];
	for (const member of family) {
		for (const [pid = 0, parent = 0] of pairs) if (parent === member && !family.includes(pid)) family.push(pid);
	}
	for (const pid of family) {
		try {
			process.kill(pid, "SIGKILL");
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
		}
	}
}
