/** Runs what is measured, one program at a time; on Ctrl-C ends it, so that what it made can be removed. */
import { performance } from "node:perf_hooks";
import { type ExecaError, execa } from "execa";

export const say = (line: string): void => void process.stderr.write(`${line}\n`);

export interface Options {
	cwd?: string;
	env?: Record<string, string>;
	input?: string;
}

let received: NodeJS.Signals | undefined;
let running: number | undefined;

/** From now on a signal ends what is being measured, and no other program: clean-up goes on to its end. */
export function heedSignals(): void {
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
		process.on(signal, () => {
			if (received === undefined) say(`${signal}: removing what was made`);
			received ??= signal;
			if (running !== undefined) process.kill(-running, "SIGINT");
		});
	}
}

/** Seconds that a program takes. @throws where it fails, with all that it said, or where a signal was received */
export async function seconds(program: string, args: string[], options: Options = {}): Promise<number> {
	if (received) throw new Error(`ended by ${received}`);
	const started = performance.now();
	// In a group of its own, that a terminal's Ctrl-C does not reach: it is passed on, once.
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

/** Runs a program to its end, whatever signal comes. @returns what it printed. @throws where it fails */
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
