import { existsSync, realpathSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { types } from "@pulumi/command";
import { shellText } from "../shell.ts";
import { isPackaged } from "./packaged.ts";

/**
 * The shell command that runs a program of this project: `module` is relative to the project's root.
 * The command is relative to the working folder, so that a Command resource has the same inputs in every clone.
 */
export function programCommand(module: string, ...args: string[]): string {
	if (isPackaged) return shellText("node", packagedProgram(basename(module, ".ts")), ...args);
	const runner = relative(process.cwd(), fileURLToPath(new URL("../program.mjs", import.meta.url)));
	return shellText("node", runner, module, ...args);
}

/**
 * The path by node_modules, if the package is there: package managers that link packages from a store have the version in the
 * real path, and a command to delete something runs from the state after an upgrade.
 */
function packagedProgram(name: string): string {
	const file = join("programs", `${name}.js`);
	const real = fileURLToPath(new URL(`./${file}`, import.meta.url));
	const linked = join("node_modules", "nodeport-lab", "dist", file);
	const isSame = existsSync(linked) && realpathSync(linked) === realpathSync(real);
	return isSame ? linked : relative(process.cwd(), real);
}

/** Inputs of every Command resource of this project: stderr is its progress, stdout its result. */
export const quietly = {
	logging: types.enums.local.Logging.Stderr,
	// The previous output may be a kubeconfig, or larger than an environment variable may be.
	addPreviousOutputInEnv: false,
};
