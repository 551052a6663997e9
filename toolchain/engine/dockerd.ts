/** The Docker engine on a machine without systemd: started by hand, so that it outlives whoever started it. */
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

/** Where dockerd, and the containerd that it starts, write their process numbers. */
const pidFiles = [
	{ file: "/var/run/docker.pid", program: "dockerd" },
	{ file: "/var/run/docker/containerd/containerd.pid", program: "containerd" },
];

/** How long an engine may take to answer. One with many containers to restore takes tens of seconds. */
const patience = 120_000;

/**
 * What a pid file says of its program. A killed engine leaves the file; dockerd refuses to start while any process has
 * that number, and waits in vain for a containerd of that number, whoever it is now.
 */
export function judgePidFile(
	text: string,
	program: string,
	look: (pid: number) => ProcessInfo | undefined = processInfo,
): { running: number } | "stale" {
	const pid = Number(text.trim());
	return Number.isInteger(pid) && pid > 0 && look(pid)?.name === program ? { running: pid } : "stale";
}

/** Removes the pid files that a killed engine left. @returns the dockerd that runs already, perhaps still starting */
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

/** Arguments for dockerd on this machine; writes the runtime that they name. */
function prepareArguments(): string[] {
	if (!needsBoundedRuntime()) return [];
	// Renamed into place: the engine may be running the old one at this moment.
	const temporary = `${runtime}.${process.pid}`;
	copyFileSync(join(project, "toolchain", "engine", "bounded-runtime.sh"), temporary);
	chmodSync(temporary, 0o755);
	renameSync(temporary, runtime);
	return ["--add-runtime", `bounded=${runtime}`, "--default-runtime", "bounded"];
}

/** Starts dockerd, unless one is starting already, and waits until it answers. */
export async function startDockerd(): Promise<Engine> {
	mkdirSync(machineState, { recursive: true });
	const running = clearPidFiles();
	const pid = running ?? launch(prepareArguments());
	const engine = await waitForAnswer(pid);
	if (engine) return engine;
	const fault = processInfo(pid) ? `does not answer after ${patience / 1000} s` : "ended before it answered";
	if (running === undefined) throw new CommandFailed(`dockerd ${fault}`, log);
	throw new SetupError(`dockerd (process ${pid}), which set-up did not start, ${fault}`, `end it (kill ${pid})`);
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
		// A session of its own: neither the terminal's Ctrl-C nor its end reaches it.
		detached: true,
		stdio: ["ignore", output, output],
		env: { ...process.env, PATH: systemPath() },
	});
	child.unref();
	const { pid } = child;
	if (pid === undefined) throw new Error(`${program} could not be started`);
	writeFileSync(record, JSON.stringify({ pid, startTime: processInfo(pid)?.startTime ?? "" }));
	return pid;
}

/** The dockerd that set-up started, if it still runs. */
export function ownDockerd(): number | undefined {
	const text = readIfThere(record);
	if (text === undefined) return undefined;
	const { pid, startTime } = JSON.parse(text) as { pid: number; startTime: string };
	return processInfo(pid)?.startTime === startTime ? pid : undefined;
}

/** Ends the dockerd that set-up started; it stops its containers first. @returns whether there was one */
export async function stopOwnDockerd(): Promise<boolean> {
	const pid = ownDockerd();
	if (pid === undefined) return false;
	process.kill(pid, "SIGTERM");
	for (const end = Date.now() + patience; processInfo(pid) && Date.now() < end; ) await sleep(100);
	if (processInfo(pid)) throw new CommandFailed(`dockerd (process ${pid}) does not end`, log);
	return true;
}
