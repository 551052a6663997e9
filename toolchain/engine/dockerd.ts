/** The Docker engine on a machine without systemd: set-up starts it as a process that outlives set-up. */
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ProcessInfo, processInfo } from "../../lib/process.ts";
import { machineState, project } from "../layout.ts";
import { findPrograms, systemPath } from "../path.ts";
import { CommandFailed, SetupError } from "../setupError.ts";
import { needsBoundedRuntime } from "./capabilities.ts";
import { askEngine, type Engine } from "./readEngine.ts";

const log = join(machineState, "dockerd.log");
const record = join(machineState, "dockerd.json");
const runtime = join(machineState, "bounded-runtime");

/** Where dockerd and the containerd that it starts write their process ids. */
const pidFiles = [
	{ file: "/var/run/docker.pid", program: "dockerd" },
	{ file: "/var/run/docker/containerd/containerd.pid", program: "containerd" },
];

/** How long an engine may take to answer. One with many containers to restore takes tens of seconds. */
const patience = 120_000;

/**
 * Whether the program of a pid file is running. A killed engine leaves the file. While any process has that id, dockerd
 * refuses to start; and if it is containerd's file, dockerd waits for that process as if it were containerd.
 */
export function judgePidFile(
	text: string,
	program: string,
	look: (pid: number) => ProcessInfo | undefined = processInfo,
): { running: number } | "stale" {
	const pid = Number(text.trim());
	return Number.isInteger(pid) && pid > 0 && look(pid)?.name === program ? { running: pid } : "stale";
}

/** Removes the pid files that a killed engine left. @returns the running dockerd, which may still be starting */
function clearPidFiles(): number | undefined {
	let dockerd: number | undefined;
	for (const { file, program } of pidFiles) {
		const text = readIfThere(file);
		if (text === undefined) continue;
		const verdict = judgePidFile(text, program);
		if (verdict === "stale") rmSync(file, { force: true });
		else if (program === "dockerd") dockerd = verdict.running;
	}
	return dockerd;
}

function readIfThere(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
}

/** Arguments for dockerd on this machine. Writes the runtime that they name. */
function prepareArguments(): string[] {
	if (!needsBoundedRuntime()) return [];
	// A rename, because the engine may be running the old one.
	const temporary = `${runtime}.${process.pid}`;
	copyFileSync(join(project, "toolchain", "engine", "bounded-runtime.sh"), temporary);
	chmodSync(temporary, 0o755);
	renameSync(temporary, runtime);
	return ["--add-runtime", `bounded=${runtime}`, "--default-runtime", "bounded"];
}

/** Starts dockerd unless one is already starting, and waits until it answers. */
export async function startDockerd(): Promise<Engine> {
	mkdirSync(machineState, { recursive: true });
	const running = clearPidFiles();
	const pid = running ?? launch(prepareArguments());
	const engine = await waitForAnswer(pid);
	if (engine) return engine;
	const fault = processInfo(pid) ? `hasn't answered within ${patience / 1000} s` : "ended before it answered";
	if (running === undefined) throw new CommandFailed(`dockerd ${fault}`, log);
	throw new SetupError(`dockerd (process ${pid}), which set-up didn't start, ${fault}`, `end it (kill ${pid})`);
}

async function waitForAnswer(pid: number): Promise<Engine | undefined> {
	for (const end = Date.now() + patience; Date.now() < end && processInfo(pid); await sleep(200)) {
		const answer = await askEngine();
		if ("engine" in answer) return answer.engine;
	}
	return undefined;
}

function launch(args: string[]): number {
	const output = openSync(log, "w");
	const [program = "dockerd"] = findPrograms("dockerd");
	const child = spawn(program, args, {
		cwd: "/",
		// In its own session, so that neither Ctrl-C nor closing the terminal reaches it.
		detached: true,
		stdio: ["ignore", output, output],
		env: { ...process.env, PATH: systemPath() },
	});
	child.unref();
	const { pid } = child;
	if (pid === undefined) throw new Error(`${program} can't be started`);
	writeFileSync(record, JSON.stringify({ pid, startTime: processInfo(pid)?.startTime ?? "" }));
	return pid;
}

/** The dockerd that set-up started, if it is still running. */
export function ownDockerd(): number | undefined {
	const text = readIfThere(record);
	if (text === undefined) return undefined;
	const { pid, startTime } = JSON.parse(text) as { pid: number; startTime: string };
	return processInfo(pid)?.startTime === startTime ? pid : undefined;
}

/** Stops the dockerd that set-up started; it stops its containers first. @returns whether it was running */
export async function stopOwnDockerd(): Promise<boolean> {
	const pid = ownDockerd();
	if (pid === undefined) return false;
	process.kill(pid, "SIGTERM");
	for (const end = Date.now() + patience; processInfo(pid) && Date.now() < end; ) await sleep(100);
	if (processInfo(pid))
		throw new CommandFailed(`dockerd (process ${pid}) hasn't ended within ${patience / 1000} s`, log);
	return true;
}
