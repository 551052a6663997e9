import { constants } from "node:os";

/** A signal, such as that of Ctrl-C, has ended a command. Shells' exit code for it is 128 and the signal's number. */
export class EndedBySignal extends Error {
	readonly exitCode: number;

	constructor(signal: NodeJS.Signals) {
		super(`ended by ${signal}`);
		this.exitCode = 128 + constants.signals[signal];
	}
}

/**
 * Runs a command's body and exits with the code that it returns. An error is reported by its message; NODEPORT_LAB_DEBUG adds the
 * stack.
 */
export async function command(body: () => Promise<number>): Promise<void> {
	const code = await body().catch((error: unknown) => {
		console.error(error instanceof Error && !process.env.NODEPORT_LAB_DEBUG ? `error: ${error.message}` : error);
		return error instanceof EndedBySignal ? error.exitCode : 1;
	});
	// Open connections, for example to a node that doesn't answer, must not delay the exit. The output is flushed first.
	process.stdout.write("", () => process.exit(code));
}
