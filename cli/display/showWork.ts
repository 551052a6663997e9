/**
 * What a command is doing: on a terminal one line with the elapsed time, which is redrawn, and below it what was printed
 * to stderr meanwhile; otherwise one line, and again one every 30 seconds.
 */
import { stripVTControlCharacters } from "node:util";
import { Listr } from "listr2";
import { duration } from "../../lib/waitProgress.ts";

/** Receives what is being done just now. */
export type Status = (text: string) => void;

interface Options {
	/** Print every status as a line. */
	verbose: boolean;
}

const heartbeat = 30_000;

export function showWork<T>(title: string, { verbose }: Options, work: (status: Status) => Promise<T>): Promise<T> {
	if (verbose) return work((text) => console.error(text));
	return isLive() ? redrawn(title, work) : inLines(title, work);
}

/** Build servers may have a terminal, but keep every line; a terminal of unknown width has 0 columns. */
function isLive({ CI, TERM } = process.env): boolean {
	const { isTTY, columns } = process.stdout;
	return isTTY && columns > 0 && process.stderr.isTTY && !CI && TERM !== "dumb";
}

async function inLines<T>(title: string, work: (status: Status) => Promise<T>): Promise<T> {
	const began = Date.now();
	let status = "";
	console.error(title);
	const timer = setInterval(() => console.error(titleOf(title, status, began)), heartbeat);
	try {
		return await work((text) => {
			status = text;
		});
	} finally {
		clearInterval(timer);
	}
}

const titleOf = (title: string, status: string, began: number): string =>
	`${title}${status && `: ${status}`} (${duration(Date.now() - began)})`;

async function redrawn<T>(title: string, work: (status: Status) => Promise<T>): Promise<T> {
	const began = Date.now();
	const results: T[] = [];
	// While Listr draws, it keeps what is written.
	const writeNow = process.stderr.write.bind(process.stderr);
	const list = new Listr(
		[
			{
				title,
				rendererOptions: { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true },
				task: async (_, task) => {
					let status = "";
					const draw = () => {
						task.title = titleOf(title, status, began);
					};
					const timer = setInterval(draw, 1000);
					const say = (text: string) => {
						task.output = text;
					};
					const restore = captureErrors({ say, writeNow });
					try {
						results.push(
							await work((text) => {
								status = text;
								draw();
							}),
						);
					} finally {
						clearInterval(timer);
						restore();
						task.title = titleOf(title, "", began);
					}
				},
			},
		],
		// The commands handle signals themselves, and print errors.
		{ rendererOptions: { showErrorMessage: false }, registerSignalListeners: false },
	);
	await list.run();
	return results[0] as T;
}

/** Listr would print at its end what is written to stderr while it draws. @returns what undoes it */
function captureErrors({ say, writeNow }: { say(text: string): void; writeNow(text: string): void }): () => void {
	const { write } = process.stderr;
	process.stderr.write = (chunk: string | Uint8Array) => {
		const text = (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()).trimEnd();
		if (stripVTControlCharacters(text) !== "") say(text);
		// The cursor is hidden there, and shown again when the command ends, even by a signal.
		else writeNow(text);
		return true;
	};
	return () => {
		process.stderr.write = write;
	};
}
