import { execa } from "execa";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../temporary.ts";

const folder = temporaryFolder();
const project = process.cwd();

/** Runs the command in an empty folder. */
const lesson = (...args: string[]) =>
	execa("node", ["--import", `${project}/node_modules/tsx/dist/loader.mjs`, `${project}/cli/lesson.ts`, ...args], {
		cwd: folder.path,
		reject: false,
		all: true,
	});

it("lists all parts and the score, without a lab", async () => {
	const { exitCode, stdout } = await lesson("--list");
	expect(exitCode).toBe(0);
	expect(stdout).toMatch(/^start +Start a cluster$/m);
	expect(stdout).toMatch(/^silent-node +Exercise: One node doesn't answer at all$/m);
	expect(stdout).toMatch(/^Score: 0 of 0 predictions/m);
});

it("names the parts for an unknown one", async () => {
	const { exitCode, all } = await lesson("--step", "middle");
	expect(exitCode).toBe(1);
	expect(all).toMatch(/^error: --step "middle": must be one of start, labels, .*, silent-node$/);
});
