/** The commands of the lab. They run through npm, which sets up what they need first. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { execa } from "execa";
import { isPackaged } from "../../lib/programs/packaged.ts";

const commands: Record<string, string> = {
	start: "create or repair the lab, verify it, show the result",
	verify: "verify the lab again, without an update",
	drawbacks: "measure what NodePort costs",
	lesson: "learn with the lab: predict, run, compare; then find what is broken",
	report: "rewrite the report of the last verification",
	doctor: "check whether the lab can run on this machine",
	destroy: "remove the lab",
	clean: "remove what set-up added to the machine",
};

const project = fileURLToPath(new URL("../..", import.meta.url));

/** The lab itself is in the repository only. */
export function addLabCommands(program: Command): void {
	if (isPackaged) return;
	for (const [name, description] of Object.entries(commands)) {
		program
			.command(name)
			.description(`lab: ${description}`)
			.argument("[arguments...]", `as for npm run ${name}`)
			.helpOption(false)
			.allowUnknownOption()
			.action(async (args: string[]) => {
				process.exitCode = await runScript(name, args);
			});
	}
}

/** Runs one of the project's npm scripts in this terminal. @returns its exit code @throws if this isn't the repository */
export async function runScript(name: string, args: readonly string[]): Promise<number> {
	if (isPackaged) {
		throw new Error(
			`${name} without a Service explains the lab of the repository; fix: nodeport-lab ${name} <namespace>/<service>`,
		);
	}
	const { exitCode } = await execa("npm", ["run", "--silent", name, "--", ...args], {
		cwd: dirname(`${project}/.`),
		stdio: "inherit",
		reject: false,
	});
	return exitCode ?? 1;
}
