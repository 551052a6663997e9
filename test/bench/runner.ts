/** Runs the measured programs, one at a time. Ctrl-C ends the current one, so that what it created can be removed. */
import { performance } from "node:perf_hooks";
import { type ExecaError, execa } from "execa";

export const log = (line: string): void => void process.stderr.write(`${line}\n`);

export interface Options {
	cwd?: string;
	env?: Record<string, string>;
	input?: string;
}

let received: NodeJS.Signals | undefined;
let running: number | undefined;

/** From now on, a signal ends the measured program only. The clean-up runs to its end. */
export function handleSignals(): void {
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
		process.on(signal, () => {
			if (received === undefined) log(`${signal}: removing what was created`);
			received ??= signal;
			if (running !== undefined) process.kill(-running, "SIGINT");
		});
	}
}

/** Seconds that a program takes. @throws if it fails, with its output, or if a signal was received */
export async function seconds(program: string, args: string[], options: Options = {}): Promise<number> {
	if (received) throw new Error(`ended by ${received}`);
	const started = performance.now();
	// In its own process group, which a terminal's Ctrl-C doesn't reach: the signal is passed on once.
	const child = start(program, args, options);
	running = child.pid;
	try {
		await child;
	} catch (error) {
		const { shortMessage, all } = error as ExecaError;
		throw new Error(received ? `ended by ${received}` : `${shortMessage}\n${all}`, { cause: error });
	} finally {
		running = undefined;
	}
	return (performance.now() - started) / 1000;
}

/** Runs a program to its end, despite signals. @returns its output. @throws if it fails */
export async function toTheEnd(program: string, args: string[], options: Options = {}): Promise<string> {
	return String((await start(program, args, options)).stdout);
}

const start = (program: string, args: string[], { input, ...options }: Options) =>
	execa(program, args, {
		...options,
		...(input === undefined ? { stdin: "ignore" } : { input }),
		all: true,
		detached: true,
		cleanup: false,
	});
