import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder: string;

/** A project in a folder that needs quoting in a shell and escaping in a URL. */
beforeAll(async () => {
	folder = join(await mkdtemp(join(tmpdir(), "nodeport-lab-unit-")), "my labs/100% #1/é");
	await mkdir(folder, { recursive: true });
	await cp("lib", join(folder, "lib"), { recursive: true });
	await symlink(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
	await writeFile(join(folder, "package.json"), '{"type":"module"}');
});
afterAll(() => rm(folder, { recursive: true }));

const run = async (file: string, env: Record<string, string> = {}) =>
	(await execa("node", ["lib/program.mjs", file], { cwd: folder, env })).stdout;

describe("a bundled program in a folder with spaces, %, # and é", () => {
	it("finds the files next to its sources", async () => {
		await mkdir(join(folder, "part"));
		await writeFile(
			join(folder, "part/module.ts"),
			`import { readFileSync } from "node:fs";
			const word: string = readFileSync(new URL("word é", import.meta.url), "utf8");
			export const text = word + " " + import.meta.dirname;`,
		);
		await writeFile(join(folder, "part/word é"), "hello");
		await writeFile(join(folder, "main.ts"), 'import { text } from "./part/module.ts"; console.log(text);');
		const expected = `hello ${join(folder, "part")}`;
		expect(await run("main.ts")).toBe(expected);
		expect(await readFile(join(folder, ".toolchain/programs/main.ts.mjs"), "utf8")).not.toContain(folder);
		expect(await run("main.ts", { NODEPORT_LAB_DEBUG: "1" })).toBe(expected);
	});

	it("names its sources in stack traces with NODEPORT_LAB_DEBUG", async () => {
		await writeFile(join(folder, "fails.ts"), "const place: string = new Error().stack ?? '';\nconsole.log(place);");
		expect(await run("fails.ts", { NODEPORT_LAB_DEBUG: "1" })).toContain("fails.ts:1:23");
	});

	it("is Pulumi's index.ts, which shares Pulumi's own modules with the process", async () => {
		await writeFile(
			join(folder, "index.ts"),
			'import * as pulumi from "@pulumi/pulumi"; (globalThis as any).program = pulumi; export const from: string = import.meta.url;',
		);
		const main = `import { pathToFileURL } from "node:url";
			const pulumi = await import("@pulumi/pulumi");
			const { from } = await import(pathToFileURL("index.ts").href);
			console.log(from.endsWith("/%C3%A9/index.ts"), program.Output === pulumi.Output);`;
		await writeFile(join(folder, "main.mjs"), main);
		const { stdout } = await execa("node", ["--import", "./lib/programs/pulumiProgram.mjs", "main.mjs"], {
			cwd: folder,
		});
		expect(stdout).toBe("true true");
		expect(await readFile(join(folder, ".toolchain/programs/index.ts.mjs"), "utf8")).toMatch(/from "@pulumi\/pulumi"/);
	});
});
