/** Runs a command as @pulumi/command does, in its own process group, so that it can be ended as a whole. */
import { execa } from "execa";
import { signalGroup } from "../../../lib/process.ts";

/** Between SIGTERM and SIGKILL. The engine kills a plugin after 5 s. */
const graceMilliseconds = 4_000;

export interface Run {
	/** For /bin/sh. */
	command: string;
	stdin?: string | undefined;
	/** Gets each line of stderr. */
	onLine: (line: string) => void;
}

const running = new Set<PromiseLike<unknown> & { pid?: number | undefined }>();
let cancelled = false;

/** Ends every running command with all its processes; no other command starts after this. */
export async function cancelAll(): Promise<void> {
	cancelled = true;
	const all = [...running];
	const signalAll = (signal: NodeJS.Signals) => {
		for (const { pid } of all) if (pid !== undefined) signalGroup(pid, signal);
	};
	signalAll("SIGTERM");
	const killer = setTimeout(signalAll, graceMilliseconds, "SIGKILL");
	await Promise.all(all);
	clearTimeout(killer);
}

/** @throws if it fails, with the command, its exit code or signal, and its output */
export async function run({ command, stdin, onLine }: Run) {
	if (cancelled) throw new Error(`cancelled before it started: ${JSON.stringify(command)}`);
	const subprocess = execa("/bin/sh", ["-c", command], {
		all: true,
		buffer: true,
		detached: true,
		cleanup: false,
		maxBuffer: Number.MAX_SAFE_INTEGER,
		reject: false,
		stripFinalNewline: false,
		...(stdin ? { input: stdin } : { stdin: "ignore" }),
	});
	running.add(subprocess);
	for await (const line of subprocess.iterable({ from: "stderr" })) onLine(String(line));
	const result = await subprocess;
	running.delete(subprocess);
	if (result.failed) throw new Error(failure(command, result));
	return { stdout: withoutNewline(result.stdout), stderr: withoutNewline(result.stderr) };
}

const withoutNewline = (text: unknown): string => String(text ?? "").replace(/\n$/, "");

interface Failed {
	exitCode?: number | undefined;
	signal?: NodeJS.Signals | undefined;
	/** Why it didn't start. */
	originalMessage?: string | undefined;
	all?: unknown;
}

function failure(command: string, { exitCode, signal, originalMessage, all }: Failed): string {
	const ended = signal ? `signal: ${signal}` : exitCode === undefined ? originalMessage : `exit status ${exitCode}`;
	return `${cancelled ? "cancelled, " : ""}${ended}: running ${JSON.stringify(command)}:\n${all ?? ""}`;
}
