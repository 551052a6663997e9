/** A working folder of the test's own, with programs of its own first on PATH. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, vi } from "vitest";

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

/** Puts a shell script of that name first on PATH. */
export async function program(name: string, script: string): Promise<void> {
	await mkdir("bin", { recursive: true });
	await writeFile(`bin/${name}`, `#!/bin/sh\n${script}\n`);
	await chmod(`bin/${name}`, 0o755);
}
