/** How every command of this project ends. */

/** Runs a command's body, which tells the exit code; only a message, no stack, for what the user can mend. */
export async function command(body: () => Promise<number>): Promise<void> {
	const code = await body().catch((error: unknown) => {
		console.error(error instanceof Error && !process.env.DEBUG ? `error: ${error.message}` : error);
		return 1;
	});
	// Whatever it waits for no longer, such as a connection to a node that does not answer, must not keep it; what it
	// has said must be out before.
	process.stdout.write("", () => process.exit(code));
}
