import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
	contentKey,
	filesKey,
	findEntry,
	inTemporaryFolder,
	makeEntry,
	removeUnfinished,
} from "../../../toolchain/cache.ts";
import { cacheRoot } from "../../../toolchain/layout.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();

test("keys differ if the same text is divided differently", () => {
	expect(contentKey("ab", "c")).toMatch(/^[0-9a-f]{16}$/);
	expect(contentKey("ab", "c")).toBe(contentKey("ab", "c"));
	expect(contentKey("ab", "c")).not.toBe(contentKey("a", "bc"));
});

const changes: [string, (path: string) => void][] = [
	["a file's content", (path) => writeFileSync(join(path, "sub/file"), "other")],
	["a file's name", (path) => writeFileSync(join(path, "sub/new"), "")],
	["whether a file can be executed", (path) => chmodSync(join(path, "sub/file"), 0o755)],
	["where a link points", (path) => symlinkSync("elsewhere", join(path, "link"))],
];

test.each(changes)("the key of files changes with %s", async (_, change) => {
	const path = join(folder.path, "sources");
	mkdirSync(join(path, "sub"), { recursive: true });
	writeFileSync(join(path, "sub/file"), "content", { mode: 0o644 });
	const before = await filesKey(path);
	expect(await filesKey(path)).toBe(before);
	change(path);
	expect(await filesKey(path)).not.toBe(before);
});

test("the key of files doesn't change with Go's tests, which no build reads", async () => {
	const path = join(folder.path, "sources");
	mkdirSync(path);
	writeFileSync(join(path, "main.go"), "package main");
	const before = await filesKey(path);
	writeFileSync(join(path, "main_test.go"), "package main");
	expect(await filesKey(path)).toBe(before);
});

test("the key of files doesn't depend on their folder: another clone finds what the first one built", async () => {
	for (const clone of ["first", "second"]) {
		mkdirSync(join(folder.path, clone), { recursive: true });
		writeFileSync(join(folder.path, clone, "file"), "content");
	}
	expect(await filesKey(join(folder.path, "first"))).toBe(await filesKey(join(folder.path, "second")));
});

test("makes an entry once, even if two steps need it at the same time", async () => {
	let made = 0;
	const make = async (entry: string) => {
		made++;
		await writeFile(join(entry, "program"), "built");
	};
	const paths = await Promise.all([makeEntry("tool", "key", make), makeEntry("tool", "key", make)]);
	expect(await makeEntry("tool", "key", make)).toBe(paths[0]);
	expect(paths).toEqual([findEntry("tool", "key"), findEntry("tool", "key")]);
	expect(made).toBe(1);
	expect(readFileSync(join(paths[0] ?? "", "program"), "utf8")).toBe("built");
});

test("fails with the builder's error, and leaves no incomplete entry", async () => {
	const make = async (entry: string) => {
		await writeFile(join(entry, "half"), "");
		throw new Error("disk full");
	};
	await expect(makeEntry("tool", "key", make)).rejects.toThrow("disk full");
	expect(findEntry("tool", "key")).toBeUndefined();
	expect(readdirSync(join(cacheRoot(), "unfinished"))).toEqual([]);
});

test("removes what a killed run left unfinished, and keeps complete entries", async () => {
	const entry = await makeEntry("tool", "key", () => Promise.resolve());
	await mkdir(join(cacheRoot(), "unfinished", "tool-abc"));
	await removeUnfinished();
	expect(existsSync(join(cacheRoot(), "unfinished"))).toBe(false);
	expect(existsSync(entry)).toBe(true);
});

test("a temporary folder is on the cache's disk, and is removed afterwards", async () => {
	const path = await inTemporaryFolder("image", async (temporary) => {
		expect(existsSync(temporary)).toBe(true);
		return temporary;
	});
	expect(path.startsWith(cacheRoot())).toBe(true);
	expect(existsSync(path)).toBe(false);
});
