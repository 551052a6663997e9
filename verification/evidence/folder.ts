/** The folder that evidence is kept in: bounded in size, and only so many of them. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { table } from "../../lib/table.ts";
import { type Collection, type EvidenceFile, fileBytes, noteBytes } from "./collection.ts";
import { fairLimit, redacted, trimmed } from "./evidenceText.ts";

/** Most bytes of a whole folder. */
export const folderBytes = 16 * 1024 * 1024;

/** How many folders are kept. */
export const foldersKept = 5;

/** In UTC, sorted by name as by time, and legal in every file system. */
export const folderName = (time: Date): string => `evidence-${time.toISOString().replaceAll(/[:.]/g, "-")}`;

const ownName = /^evidence-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/;

/** Writes all that was gathered, `index.txt` with it. @param head what the index begins with */
export async function writeFolder(folder: string, head: string, { files, missing }: Collection): Promise<void> {
	const sizes = files.map(({ text }) => Buffer.byteLength(text) + noteBytes);
	const limit = fairLimit(sizes, folderBytes - fileBytes) - noteBytes;
	const fitted = files
		.map((file) => ({ ...file, text: trimmed(file.text, limit, file.keep) }))
		.sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
	const rows = fitted.map((file) => [file.path, String(Buffer.byteLength(file.text)), file.about, cutNote(file)]);
	const lacks = missing.map(({ path, why }) => `${path}: ${why}\n`).sort();
	const index = [
		`${redacted(head)}\n\n`,
		`${table([["FILE", "BYTES", "WHAT IT IS", ""], ...rows])}\n`,
		...(lacks.length > 0 ? ["\nWhat could not be had:\n", ...lacks] : []),
	].join("");
	for (const file of [...fitted, { path: "index.txt", text: trimmed(index, fileBytes, "start") }]) {
		const path = join(folder, file.path);
		await mkdir(dirname(path), { recursive: true });
		const note = "whole" in file ? cutNote(file) : "";
		// Words of other people's pods may be in it.
		await writeFile(path, note === "" ? file.text : `# ${note}\n${file.text}`, { mode: 0o600 });
	}
}

/** Empty where nothing was cut off. */
function cutNote({ text, whole, keep }: EvidenceFile): string {
	const bytes = Buffer.byteLength(text);
	return bytes === whole
		? ""
		: `cut: the ${keep === "end" ? "last" : "first"} ${bytes} of ${whole} bytes that were read`;
}

/** Removes the oldest folders of evidence beside this one, and nothing else. */
export async function removeOldest(parent: string): Promise<void> {
	const entries = await readdir(parent, { withFileTypes: true });
	const folders = entries.filter((entry) => entry.isDirectory() && ownName.test(entry.name)).map(({ name }) => name);
	for (const name of folders.sort().slice(0, -foldersKept)) await rm(join(parent, name), { recursive: true });
}
