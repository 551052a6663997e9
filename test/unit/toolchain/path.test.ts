import { appendFileSync, mkdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { findPrograms } from "../../../toolchain/path.ts";
import { temporaryFolder, writeProgram } from "../temporary.ts";

const folder = temporaryFolder();
const at = (...parts: string[]): string => join(folder.path, ...parts);

test("finds all programs with a name once, in the order of PATH", () => {
	writeProgram(at("a/tool"), "");
	writeProgram(at("b/tool"), "");
	symlinkSync(at("a"), at("link"));
	const path = [at("none"), "", at("b"), at("a"), at("link")].join(delimiter);
	expect(findPrograms("tool", path)).toEqual([at("b/tool"), at("a/tool")]);
});

test("ignores folders and files that can't be executed", () => {
	mkdirSync(at("a/tool"), { recursive: true });
	mkdirSync(at("b"));
	appendFileSync(at("b/tool"), "");
	expect(findPrograms("tool", [at("a"), at("b")].join(delimiter))).toEqual([]);
});

test("ignores set-up's own links in a shell that sourced .toolchain/env", () => {
	writeProgram(at("user/kind"), "");
	mkdirSync(at("clone/.toolchain/bin"), { recursive: true });
	symlinkSync(at("user/kind"), at("clone/.toolchain/bin/kind"));
	const path = [at("clone/.toolchain/bin"), at("user")].join(delimiter);
	expect(findPrograms("kind", path)).toEqual([at("user/kind")]);
});
