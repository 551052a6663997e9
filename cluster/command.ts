/** How every command of this project ends. */

/** Runs a command's body, which tells the exit code; only a message, no stack, for what the user can mend. */
export async function command(body: () => Promise<number>): Promise<void> {
	try {
		process.exitCode = await body();
	} catch (error) {
		console.error(error instanceof Error && !process.env.DEBUG ? `error: ${error.message}` : error);
		process.exitCode = 1;
	}
}
