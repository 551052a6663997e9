/** Fake executables: the code under test starts them from PATH, as it starts the real ones. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";

/** Gives each test an empty working folder, whose bin/ comes first on PATH. */
export function scratchFolder(fill: () => Promise<void> = async () => {}): void {
	const home = process.cwd();
	beforeEach(async () => {
		process.chdir(await mkdtemp(join(tmpdir(), "nodeport-lab-unit-")));
		vi.stubEnv("PATH", `${process.cwd()}/bin${delimiter}${process.env.PATH}`);
		await fill();
	});
	afterEach(async () => {
		const scratch = process.cwd();
		process.chdir(home);
		vi.unstubAllEnvs();
		await rm(scratch, { recursive: true });
	});
}

/** Puts a shell script of this name first on PATH. It records its arguments for `calls`. */
export async function program(name: string, script: string): Promise<void> {
	await mkdir("bin", { recursive: true });
	const record = `echo "${name} $*" >> '${join(process.cwd(), "calls")}'`;
	// Replaced as a whole: a file that is being written can't be executed.
	await writeFile(`bin/.${name}`, `#!/bin/sh\n${record}\n${script}\n`, { mode: 0o755 });
	await rename(`bin/.${name}`, `bin/${name}`);
}

/** The command lines of the fake executables in this test so far. */
export const calls = (): string[] =>
	existsSync("calls") ? readFileSync("calls", "utf8").split("\n").filter(Boolean) : [];
