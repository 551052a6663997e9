import { appendFileSync, mkdirSync, readFileSync, symlinkSync, truncateSync } from "node:fs";
import { delimiter, join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { askVersion, findPrograms } from "../../../toolchain/path.ts";
import { temporaryFolder, writeProgram } from "./temporary.ts";

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder.path, ...parts);

test("all programs of a name are found, in PATH's order, each once", () => {
	writeProgram(at("a/tool"), "");
	writeProgram(at("b/tool"), "");
	symlinkSync(at("a"), at("link"));
	const path = [at("none"), "", at("b"), at("a"), at("link")].join(delimiter);
	expect(findPrograms("tool", path)).toEqual([at("b/tool"), at("a/tool")]);
});

test("folders, and files that cannot be executed, are not programs", () => {
	mkdirSync(at("a/tool"), { recursive: true });
	mkdirSync(at("b"));
	appendFileSync(at("b/tool"), "");
	expect(findPrograms("tool", [at("a"), at("b")].join(delimiter))).toEqual([]);
});

test("what set-up itself put on PATH, in a shell that sourced .toolchain/env, is not found", () => {
	writeProgram(at("user/kind"), "");
	mkdirSync(at("clone/.toolchain/bin"), { recursive: true });
	symlinkSync(at("user/kind"), at("clone/.toolchain/bin/kind"));
	const path = [at("clone/.toolchain/bin"), at("user")].join(delimiter);
	expect(findPrograms("kind", path)).toEqual([at("user/kind")]);
});

const calls = (): number => readFileSync(at("calls"), "utf8").trim().split("\n").length;

beforeEach(() => vi.stubEnv("CALLS", at("calls")));

const program = 'echo "$@" >>"$CALLS"; echo "version 1"; exit 0';

test("a program is asked for its version once for as long as it is the same file", async () => {
	writeProgram(at("tool"), program);
	// As large as a program, which a script that only starts one is not.
	truncateSync(at("tool"), 2_000_000);
	expect(await askVersion(at("tool"), ["version"])).toBe("version 1");
	expect(await askVersion(at("tool"), ["version"])).toBe("version 1");
	expect(calls()).toBe(1);
	truncateSync(at("tool"), 2_000_001);
	await askVersion(at("tool"), ["version"]);
	expect(calls()).toBe(2);
});

test("a small script is asked each time: it may start another version tomorrow", async () => {
	writeProgram(at("shim"), program);
	await askVersion(at("shim"), ["version"]);
	await askVersion(at("shim"), ["version"]);
	expect(calls()).toBe(2);
});

test("a program that fails has no version", async () => {
	writeProgram(at("tool"), "echo version 1; exit 3");
	expect(await askVersion(at("tool"), [])).toBe("");
});
