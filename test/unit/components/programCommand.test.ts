import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

let folder: string;

/** This project in a folder whose name needs quoting, and beside it somebody's program that uses its components. */
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "nodeport-lab-unit-"));
	const lab = join(folder, "the lab's folder");
	for (const part of ["cluster", "components", "package.json"]) await cp(part, join(lab, part), { recursive: true });
	await symlink(join(process.cwd(), "node_modules"), join(lab, "node_modules"));
	await mkdir(join(folder, "other program"));
	const program = `import { programCommand } from "../the lab's folder/components/programCommand.ts";
		console.log(programCommand("cluster/main.ts", "no-such-operation"));`;
	await writeFile(join(folder, "other program", "main.mts"), program);
});
afterAll(() => rm(folder, { recursive: true }));

it("gives a command that runs from another program's folder, where there is no tsx, and names no absolute path", async () => {
	const cwd = join(folder, "other program");
	const tsx = join(process.cwd(), "node_modules/tsx/dist/loader.mjs");
	const { stdout: command } = await execa("node", ["--import", tsx, "main.mts"], { cwd });
	expect(command).not.toContain(folder);
	const { stderr } = await execa("/bin/sh", ["-c", command], { cwd, input: "{}", reject: false });
	expect(stderr).toMatch(/^error: unknown operation "no-such-operation"; allowed: create, /);
});
