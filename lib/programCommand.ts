import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { types } from "@pulumi/command";

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * The shell command that runs a program of this project: `module` from the project's root, then its arguments.
 * Relative to the working folder, so that the inputs of a command are the same in every clone.
 */
export function programCommand(module: string, ...args: string[]): string {
	const runner = relative(process.cwd(), fileURLToPath(new URL("program.mjs", import.meta.url)));
	return ["node", quote(runner), module, ...args].join(" ");
}

/** What every command of this project shares: progress is shown from stderr, results are not repeated. */
export const quietly = {
	logging: types.enums.local.Logging.Stderr,
	// The last output may be a kubeconfig or larger than an environment can carry.
	addPreviousOutputInEnv: false,
};
