import { mkdir, readdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";

/** Makes a folder contain exactly these links: paths below it, and their targets. */
export async function makeLinks(folder: string, links: Record<string, string>): Promise<void> {
	if (isDeepStrictEqual(await readLinks(folder), links)) return;
	const temporary = `${folder}.${process.pid}`;
	for (const [path, target] of Object.entries(links)) {
		await mkdir(dirname(join(temporary, path)), { recursive: true });
		await symlink(target, join(temporary, path));
	}
	await rm(folder, { recursive: true, force: true });
	await rename(temporary, folder);
}

/** The links in a folder: paths below it, and their targets. */
export async function readLinks(folder: string): Promise<Record<string, string>> {
	await mkdir(folder, { recursive: true });
	const entries = await readdir(folder, { recursive: true, withFileTypes: true });
	const paths = entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
	return Object.fromEntries(
		await Promise.all(paths.map(async (path) => [relative(folder, path), await readlink(path)] as const)),
	);
}
