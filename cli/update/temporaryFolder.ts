/** A temporary folder for each run of Pulumi: its official Kubernetes provider leaves copies of the kubeconfig in there. */
import { writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isRunning, startedAt } from "../../lib/process.ts";

/** In the project's folder, so that every command of the project finds what a killed one left. */
const parent = ".toolchain/tmp";

/** Names the processes that use the folder. */
const usersFile = "users.json";

type User = { pid: number; started: number | null };

export interface TemporaryFolder {
	path: string;
	/** The environment of a process that works in it. */
	env: Record<string, string>;
	/** Keeps the folder while that process runs, also if this one is killed. */
	usedBy(pid: number | undefined): void;
}

/** Removes the folder after the work, for any reason that it ends. */
export async function withTemporaryFolder<T>(work: (folder: TemporaryFolder) => Promise<T>): Promise<T> {
	const path = resolve(parent, `${process.pid}-${Date.now()}`);
	const users = [userOf(process.pid)];
	const record = () => writeFileSync(join(path, usersFile), JSON.stringify(users));
	await mkdir(resolve(parent), { recursive: true });
	await mkdir(path, { mode: 0o700 });
	try {
		record();
		return await work({
			path,
			// The cluster's lock stays where programs outside this folder look for it.
			env: { TMPDIR: path, NODEPORT_LAB_LOCKS: process.env.NODEPORT_LAB_LOCKS ?? tmpdir() },
			usedBy(pid) {
				if (pid === undefined) return;
				users.push(userOf(pid));
				record();
			},
		});
	} finally {
		await rm(path, { recursive: true, force: true });
	}
}

const userOf = (pid: number): User => ({ pid, started: startedAt(pid) ?? null });

/** Removes the folders of killed commands. One whose Pulumi still runs stays for a later command. */
export async function removeTemporaryFolders(): Promise<void> {
	const names = await readdir(parent).catch(() => []);
	for (const name of names) {
		const folder = join(parent, name);
		const users = await usersOf(folder, name);
		if (!users.some(isUsing)) await rm(folder, { recursive: true, force: true });
	}
}

/** A command that was killed before it wrote the file is named by the folder. */
async function usersOf(folder: string, name: string): Promise<User[]> {
	try {
		return JSON.parse(await readFile(join(folder, usersFile), "utf8"));
	} catch {
		return [{ pid: Number.parseInt(name, 10), started: null }];
	}
}

/** Both times are known to the second. */
const isUsing = ({ pid, started }: User): boolean =>
	isRunning(pid) && (started === null || Math.abs((startedAt(pid) ?? started) - started) < 2000);
