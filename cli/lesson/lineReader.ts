/** Reads the learner's lines, from a terminal, a pipe or a file. */
import { on } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";

interface Options {
	input: Readable & { isTTY?: boolean };
	output: Writable;
	signal: AbortSignal;
	/** Called for Ctrl-C on a terminal. */
	onInterrupt: () => void;
}

export class LineReader {
	private readonly reader: Interface;
	private readonly lines: AsyncIterator<unknown>;
	private readonly options: Options;

	constructor(options: Options) {
		const { input, output, signal, onInterrupt } = options;
		this.options = options;
		this.reader = createInterface({ input, output, terminal: input.isTTY ?? false });
		this.reader.on("SIGINT", onInterrupt);
		// Unlike `question`, it keeps lines that come before they are asked for, as a pipe's do.
		this.lines = on(this.reader, "line", { close: ["close"], signal });
	}

	/** @returns the line without spaces around it; undefined at the end of the input @throws the signal's reason */
	async ask(prompt: string): Promise<string | undefined> {
		const { input, output, signal } = this.options;
		signal.throwIfAborted();
		this.reader.setPrompt(prompt);
		this.reader.prompt();
		const { value, done } = await this.lines.next().catch((error: Error) => {
			// The cursor is behind the prompt.
			output.write("\n");
			signal.throwIfAborted();
			throw error;
		});
		// A terminal shows what is typed, with the end of the line.
		if (!input.isTTY) output.write("\n");
		return done ? undefined : String((value as [string])[0]).trim();
	}

	close(): void {
		this.reader.close();
	}
}
