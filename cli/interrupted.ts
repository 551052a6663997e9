/** What an update that was killed leaves in the project's own state. */
import { readdir, readFile } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { stack } from "./lab.ts";

/** The DIY backend's lock: pkg/backend/diy/lock.go of Pulumi. */
const Lock = z.object({ pid: z.int(), hostname: z.string(), timestamp: z.string() });
type Lock = z.infer<typeof Lock>;

/**
 * Releases the stack's lock where the process that took it is gone: a killed one's would stop every later command. One
 * that may still run, or runs on another machine, is left for Pulumi to tell of.
 */
export async function releaseLeftLocks(): Promise<void> {
	if (process.env.PULUMI_BACKEND_URL) return; // The state is the user's own, elsewhere.
	const found = await locks();
	if (found.length === 0 || !found.every(isLeft)) return;
	console.error(
		`releasing the stack's lock: process ${found.map(({ pid }) => pid).join(", ")}, which took it, is gone`,
	);
	await execa("pulumi", ["cancel", "--yes", "--stack", stack]);
}

async function locks(): Promise<Lock[]> {
	const folder = join(".state/.pulumi/locks/organization/nodeport-lab", stack.split("/").at(-1) ?? "");
	const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return [];
		throw error;
	});
	const json = files.filter((file) => file.endsWith(".json"));
	return Promise.all(json.map(async (file) => Lock.parse(JSON.parse(await readFile(join(folder, file), "utf8")))));
}

function isLeft({ pid, hostname: where, timestamp }: Lock): boolean {
	if (where !== hostname()) return false;
	const booted = Date.now() - uptime() * 1000;
	return Date.parse(timestamp) < booted || !isRunning(pid);
}

function isRunning(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM"; // Another user's; else it is gone.
	}
}
