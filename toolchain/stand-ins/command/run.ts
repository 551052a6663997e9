/** Runs one command as @pulumi/command does, in a process group of its own so that it can be ended as a whole. */
import { execa } from "execa";

/** How long a command may take to end itself once it is told to. The engine kills a plugin after 5 s. */
const graceMilliseconds = 4_000;

export interface Run {
	command: string;
	/** Program and arguments that the command is appended to; empty: /bin/sh -c. */
	interpreter: string[];
	dir?: string | undefined;
	environment: Record<string, string>;
	stdin?: string | undefined;
	/** Gets each line of a stream; absent: that stream is not logged. */
	onLine: { stdout?: (line: string) => void; stderr?: (line: string) => void };
}

const running = new Set<PromiseLike<unknown> & { pid?: number | undefined }>();
let cancelled = false;

/** Ends every running command with all the processes that it started; no other one starts after this. */
export async function cancelAll(): Promise<void> {
	cancelled = true;
	const all = [...running];
	const signalAll = (signal: NodeJS.Signals) => {
		for (const { pid } of all) signalGroup(pid, signal);
	};
	signalAll("SIGTERM");
	const killer = setTimeout(signalAll, graceMilliseconds, "SIGKILL");
	await Promise.all(all);
	clearTimeout(killer);
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
	if (pid === undefined) return;
	try {
		process.kill(-pid, signal);
	} catch (error) {
		// The group ended by itself in the meantime.
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}

/** @throws with the command, how it ended, and all that it printed, when it failed */
export async function run({ command, interpreter, dir, environment, stdin, onLine }: Run) {
	const [file = "/bin/sh", ...leading] = interpreter.length > 0 ? interpreter : ["/bin/sh", "-c"];
	if (cancelled) throw new Error(`cancelled before it started: ${JSON.stringify(command)}`);
	const subprocess = execa(file, [...leading, command], {
		all: true,
		buffer: true,
		detached: true,
		cleanup: false,
		env: environment,
		maxBuffer: Number.MAX_SAFE_INTEGER,
		reject: false,
		stripFinalNewline: false,
		...(dir !== undefined && { cwd: dir }),
		...(stdin ? { input: stdin } : { stdin: "ignore" }),
	});
	running.add(subprocess);
	const lines = (["stdout", "stderr"] as const).map((from) => forward(subprocess.iterable({ from }), onLine[from]));
	const [result] = await Promise.all([subprocess, ...lines]);
	running.delete(subprocess);
	if (result.failed) throw new Error(failure(command, result));
	return { stdout: withoutNewline(result.stdout), stderr: withoutNewline(result.stderr) };
}

async function forward(lines: AsyncIterable<unknown>, onLine?: (line: string) => void): Promise<void> {
	for await (const line of lines) onLine?.(String(line));
}

const withoutNewline = (text: unknown): string => String(text ?? "").replace(/\n$/, "");

interface Failed {
	exitCode?: number | undefined;
	signal?: NodeJS.Signals | undefined;
	/** Why it did not even start. */
	originalMessage?: string | undefined;
	all?: unknown;
}

function failure(command: string, { exitCode, signal, originalMessage, all }: Failed): string {
	const ended = signal ? `signal: ${signal}` : exitCode === undefined ? originalMessage : `exit status ${exitCode}`;
	return `${cancelled ? "cancelled, " : ""}${ended}: running ${JSON.stringify(command)}:\n${all ?? ""}`;
}
