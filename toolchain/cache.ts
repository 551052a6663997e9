/**
 * The content-addressed cache. An entry is a folder, named after its content and a hash of all inputs. A rename creates
 * it, and it never changes afterwards.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheRoot } from "./layout.ts";

const unfinished = (): string => join(cacheRoot(), "unfinished");

/** A hash of these inputs: 16 hexadecimal digits. */
export function contentKey(...parts: string[]): string {
	return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/** A hash of files and folders: names, contents and executable bits. It ignores Go's tests, which no build reads. */
export async function filesKey(...paths: string[]): Promise<string> {
	const parts = await Promise.all(paths.map((path) => fileParts(path, "")));
	return contentKey(...parts.flat());
}

async function fileParts(path: string, name: string): Promise<string[]> {
	const status = await lstat(path);
	if (status.isSymbolicLink()) return [name, "link", await readlink(path)];
	if (!status.isDirectory()) return [name, status.mode & 0o100 ? "program" : "file", await readFile(path, "latin1")];
	const children = (await readdir(path)).filter((child) => !child.endsWith("_test.go")).sort();
	return (await Promise.all(children.map((child) => fileParts(join(path, child), `${name}/${child}`)))).flat();
}

const entryPath = (name: string, key: string): string => join(cacheRoot(), `${name}-${key}`);

/** The folder of an entry, if it exists. */
export function findEntry(name: string, key: string): string | undefined {
	const path = entryPath(name, key);
	return existsSync(path) ? path : undefined;
}

const underWay = new Map<string, Promise<string>>();

/** The folder of an entry. `make` fills a new one. Requires the machine's lock. */
export function makeEntry(name: string, key: string, make: (folder: string) => Promise<void>): Promise<string> {
	const path = entryPath(name, key);
	const entry = underWay.get(path) ?? fill(path, name, make).finally(() => underWay.delete(path));
	underWay.set(path, entry);
	return entry;
}

async function fill(path: string, name: string, make: (folder: string) => Promise<void>): Promise<string> {
	if (existsSync(path)) return path;
	return inTemporaryFolder(name, async (temporary) => {
		await make(temporary);
		await rename(temporary, path);
		return path;
	});
}

/** Works in an empty folder on the cache's disk, and removes it afterwards. */
export async function inTemporaryFolder<T>(name: string, work: (folder: string) => Promise<T>): Promise<T> {
	await mkdir(unfinished(), { recursive: true });
	const folder = await mkdtemp(join(unfinished(), `${name}-`));
	try {
		return await work(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** Removes what killed runs left. Requires the machine's lock. */
export async function removeUnfinished(): Promise<void> {
	await rm(unfinished(), { recursive: true, force: true });
}
