import { appendFileSync, mkdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { findPrograms } from "../../../toolchain/path.ts";
import { temporaryFolder, writeProgram } from "../temporary.ts";

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
