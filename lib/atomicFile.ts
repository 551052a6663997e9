import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

interface Options {
	/** @default a random name next to the file */
	temporary?: string;
	/** @default what the umask allows */
	mode?: number;
	/** Checks the temporary file; if this fails, the file isn't replaced. */
	check?: (temporary: string) => Promise<void>;
}

/** Handles the error of reading what doesn't exist. @returns undefined @throws any other error */
export const ifMissing = (error: NodeJS.ErrnoException): undefined => {
	if (error.code !== "ENOENT") throw error;
};

/** @returns undefined if the file doesn't exist */
export const readIfExists = (path: string): Promise<string | undefined> => readFile(path, "utf8").catch(ifMissing);

/** Replaces a file in one step, so that no reader sees half of it. Creates its folder. */
export async function writeAtomically(
	path: string,
	content: string | Uint8Array,
	{ temporary = `${path}.${randomBytes(4).toString("hex")}.new`, mode = 0o666, check }: Options = {},
): Promise<void> {
	await mkdir(dirname(path), { recursive: true });
	try {
		await writeFile(temporary, content, { mode });
		await check?.(temporary);
		await rename(temporary, path);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
}
