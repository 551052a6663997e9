/**
 * Runs the programs of set-up's steps. Their output goes to a log. Each runs in its own process group, so that its
 * children end with it. The next set-up ends the groups that a killed one left.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ExecaError, execa, type Options } from "execa";
import { processInfo, signalGroup } from "../lib/process.ts";
import { cacheRoot, layout } from "./layout.ts";
import { systemPath } from "./path.ts";
import { CommandFailed, Ended } from "./setupError.ts";

/** Runs one command. Its output goes to a log; its standard output is also returned. */
export type Run = (file: string, args: readonly string[], options?: Options) => Promise<{ stdout: string }>;

const record = (pid: number | string): string => join(cacheRoot(), "running", String(pid));
const groups = new Set<number>();
let ending = false;

/** Runs programs, and appends their commands and output to this log. */
export function logTo(log: string): Run {
	return async (file, args, options = {}) => {
		if (ending) throw new Ended("set-up is ending");
		appendFileSync(log, `$ ${[file, ...args].join(" ")}\n`);
		try {
			const { stdout } = await start(log, file, args, options);
			return { stdout: String(stdout ?? "") };
		} catch (error) {
			if (!(error instanceof ExecaError)) throw error;
			if (ending) throw new Ended(error.shortMessage);
			throw new CommandFailed(`${basename(file)} ${howItEnded(error)}`, log);
		}
	};
}

function howItEnded({ code, exitCode, signal, shortMessage }: ExecaError): string {
	if (code === "ENOENT") return "isn't on PATH";
	if (signal) return `was ended by ${signal}`;
	return exitCode === undefined ? shortMessage : `ended with exit code ${exitCode}`;
}

async function start(log: string, file: string, args: readonly string[], options: Options) {
	const output = { file: log, append: true } as const;
	const fed = options.stdin ?? options.input ?? options.inputFile;
	const child = execa(file, args, {
		...(fed === undefined && { stdin: "ignore" as const }),
		stdout: ["pipe", output],
		stderr: ["pipe", output],
		...options,
		// Else `docker build` would write below ~/.docker.
		env: { PATH: systemPath(), BUILDX_CONFIG: layout.buildx, ...options.env },
		detached: true,
	});
	const { pid } = child;
	if (pid === undefined) return child;
	groups.add(pid);
	try {
		mkdirSync(dirname(record(pid)), { recursive: true });
		writeFileSync(record(pid), processInfo(pid)?.startTime ?? "");
	} catch (error) {
		// On a full disk, for example. Without the record, nobody could end it later.
		signalGroup(pid, "SIGKILL");
		await child.catch(() => {});
		groups.delete(pid);
		throw error;
	}
	try {
		return await child;
	} finally {
		groups.delete(pid);
		rmSync(record(pid), { force: true });
	}
}

/** Ends all running programs within five seconds, and starts no more. */
export async function endPrograms(): Promise<void> {
	ending = true;
	for (const pid of groups) signalGroup(pid, "SIGTERM");
	for (let waited = 0; groups.size > 0 && waited < 5000; waited += 50) await sleep(50);
	for (const pid of groups) signalGroup(pid, "SIGKILL");
}

/** Ends the programs that a killed set-up left, such as an apt that holds its lock. Requires the machine's lock. */
export function endLeftovers(): void {
	const folder = dirname(record(0));
	if (!existsSync(folder)) return;
	for (const name of readdirSync(folder)) {
		const startTime = readFileSync(record(name), "utf8");
		if (startTime !== "" && processInfo(Number(name))?.startTime === startTime) signalGroup(Number(name), "SIGKILL");
		rmSync(record(name), { force: true });
	}
}
