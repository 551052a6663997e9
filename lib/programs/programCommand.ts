import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { types } from "@pulumi/command";
import { shellText } from "../shell.ts";

/**
 * The shell command that runs a program of this project: `module` is relative to the project's root.
 * The command is relative to the working folder, so that a Command resource has the same inputs in every clone.
 */
export function programCommand(module: string, ...args: string[]): string {
	const runner = relative(process.cwd(), fileURLToPath(new URL("../program.mjs", import.meta.url)));
	return shellText("node", runner, module, ...args);
}

/** Inputs of every Command resource of this project: stderr is its progress, stdout its result. */
export const quietly = {
	logging: types.enums.local.Logging.Stderr,
	// The previous output may be a kubeconfig, or larger than an environment variable may be.
	addPreviousOutputInEnv: false,
};
