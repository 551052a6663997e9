import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Replaces a file in one step, so that no reader sees half of it. Creates its folder. */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
	const temporary = `${path}.${randomBytes(4).toString("hex")}.new`;
	await mkdir(dirname(path), { recursive: true });
	try {
		await writeFile(temporary, content);
		await rename(temporary, path);
	} catch (error) {
		await rm(temporary, { force: true });
		throw error;
	}
}
