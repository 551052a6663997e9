import { cp, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

/** With what a shell, a URL and a format string treat specially. */
const labName = "my lab's $(1)/100% #1/é";

let folder: string;
let lab: string;

/** This project in a folder whose name needs quoting, and next to it another program that uses its components. */
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "nodeport-lab-unit-"));
	lab = join(folder, labName);
	for (const part of ["config", "kind", "lib", "package.json"]) await cp(part, join(lab, part), { recursive: true });
	await symlink(join(process.cwd(), "node_modules"), join(lab, "node_modules"));
	await mkdir(join(folder, "other program"));
	const module = pathToFileURL(join(lab, "lib/programs/programCommand.ts")).href;
	const program = `import { programCommand } from ${JSON.stringify(module)};
		console.log(programCommand("kind/kindProgram.ts", "no-such-operation"));`;
	await writeFile(join(folder, "other program", "main.mts"), program);
});
afterAll(() => rm(folder, { recursive: true }));

it("runs from another program's folder, without tsx there, and contains no absolute path", async () => {
	const cwd = join(folder, "other program");
	const tsx = join(process.cwd(), "node_modules/tsx/dist/loader.mjs");
	const { stdout: command } = await execa("node", ["--import", tsx, "main.mts"], { cwd });
	expect(command).not.toContain(folder);
	const { stderr } = await execa("/bin/sh", ["-c", command], { cwd, input: "{}", reject: false });
	expect(stderr).toMatch(/^error: unknown operation "no-such-operation"; allowed: create, /);
});

it.each(["kind/kindProgram.ts", "verification/verificationProgram.ts"])(
	"%s runs from one file with all its packages",
	async (module) => {
		const program = execa("node", ["lib/program.mjs", module, "load"], { input: "", reject: false });
		expect((await program).stderr).toBe(
			"error: the request on stdin must be one JSON object, got nothing; nothing was changed",
		);
	},
);

describe("a program", () => {
	const words = (text: string) => writeFile(join(lab, "words.ts"), `export const words: string = "${text}";`);
	const says = async () => (await execa("node", [join(lab, "lib/program.mjs"), "speak.ts", "loud"])).stdout;
	const kept = () => readdir(join(lab, ".toolchain/programs"));

	beforeEach(async () => {
		await rm(join(lab, ".toolchain"), { recursive: true, force: true });
		await writeFile(
			join(lab, "speak.ts"),
			'import { words } from "./words.ts"; console.log(words, ...process.argv.slice(1));',
		);
		await words("first");
	});

	it("is bundled into one file, and gets its arguments", async () => {
		expect([await says(), await says()]).toEqual(["first speak.ts loud", "first speak.ts loud"]);
		expect((await kept()).sort()).toEqual(["speak.ts.mjs", "speak.ts.mjs.json"]);
	});

	it("is bundled again if one of its modules has changed, even if that looks older than the bundle", async () => {
		await says();
		await words("other");
		await utimes(join(lab, "words.ts"), 0, 0);
		expect(await says()).toBe("other speak.ts loud");
	});

	it.each([
		{ what: "truncated", record: '{"since":' },
		{ what: "lost", record: undefined },
		{ what: "about a missing file", record: '{"since":1e15,"files":["gone.ts"]}' },
	])("is bundled again if the record of its files is $what", async ({ record }) => {
		await says();
		const path = join(lab, ".toolchain/programs/speak.ts.mjs");
		await writeFile(path, "throw new Error('half a file')");
		await (record === undefined ? rm(`${path}.json`) : writeFile(`${path}.json`, record));
		expect(await says()).toBe("first speak.ts loud");
	});

	it.runIf(process.getuid?.() === 0)("runs from its modules if the disk is full", async () => {
		await mkdir(join(lab, ".toolchain/programs"), { recursive: true });
		await execa("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", join(lab, ".toolchain/programs")]);
		try {
			await writeFile(join(lab, ".toolchain/programs/full"), "x".repeat(4096));
			expect(await says()).toBe("first speak.ts loud");
			expect(await kept()).toEqual(["full"]);
		} finally {
			await execa("umount", [join(lab, ".toolchain/programs")]);
		}
	});

	it("can be bundled by several processes at the same time", async () => {
		expect(new Set(await Promise.all(Array.from({ length: 5 }, says)))).toEqual(new Set(["first speak.ts loud"]));
		expect((await kept()).sort()).toEqual(["speak.ts.mjs", "speak.ts.mjs.json"]);
	});
});
