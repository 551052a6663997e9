/** The processes that a command starts: waiting for one, killing all, reading what each of them was given. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { clusterName } from "./testResources.ts";

interface Process {
	pid: number;
	line: string;
}

/** Takes the command lines of everything that a command has started. */
export type Condition = (programs: string[]) => boolean | Promise<boolean>;

interface Running extends PromiseLike<{ all: string }> {
	readonly pid?: number | undefined;
	readonly exitCode: number | null;
}

/** @throws if the command ends first */
export async function waitUntil(running: Running, condition: Condition): Promise<void> {
	while (!(await condition((await family(running.pid ?? 0)).map(({ line }) => line)))) {
		if (running.exitCode !== null) throw new Error(`the command ended too early:\n${(await running).all}`);
		await new Promise((next) => setTimeout(next, 100));
	}
}

/** A process and all its descendants. */
export async function family(pid: number): Promise<Process[]> {
	const { stdout } = await execa("ps", ["-eo", "pid=,ppid=,args="]);
	const all = stdout.split("\n").flatMap((text) => {
		const [, pid, parent, line = ""] = /^ *(\d+) +(\d+) (.*)$/.exec(text) ?? [];
		return [{ pid: Number(pid), parent: Number(parent), line }];
	});
	const below = (parent: number): Process[] =>
		all.filter((process) => process.parent === parent).flatMap((child) => [child, ...below(child.pid)]);
	return [...all.filter((process) => process.pid === pid), ...below(pid)];
}

export function kill(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}

/** Command lines of running processes that name this folder or this run's cluster. */
export async function processesOf(folder: string): Promise<string[]> {
	const { stdout } = await execa("ps", ["-eo", "args="]);
	return stdout.split("\n").filter((line) => line.includes(folder) || line.includes(clusterName));
}

/** Until stopped, records command line and environment of each process whose environment contains this text. */
export function watchProcesses(text: string): { stop: () => string[] } {
	const seen = new Set<string>();
	const timer = setInterval(() => {
		for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
			const environment = fileOf(pid, "environ");
			if (environment.includes(text)) seen.add(`${fileOf(pid, "cmdline")}\n${environment}`.replaceAll("\0", " "));
		}
	}, 200);
	return {
		stop() {
			clearInterval(timer);
			return [...seen];
		},
	};
}

function fileOf(pid: string, file: string): string {
	try {
		return readFileSync(join("/proc", pid, file), "utf8");
	} catch {
		return ""; // The process has ended.
	}
}
