/** Folders of evidence: their size and their number are limited. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { redacted } from "../../lib/redaction.ts";
import { table } from "../../lib/table.ts";
import { type Collection, type EvidenceFile, fileBytes, noteBytes } from "./collection.ts";
import { fairLimit, trimmed } from "./textSize.ts";

export const folderBytes = 16 * 1024 * 1024;

export const foldersKept = 5;

/** In UTC: the order of the names is the order of the times. Valid in every file system. */
export const folderName = (time: Date): string => `evidence-${time.toISOString().replaceAll(/[:.]/g, "-")}`;

const ownName = /^evidence-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/;

/** Writes the collection and its `index.txt`. @param head the first lines of the index */
export async function writeFolder(folder: string, head: string, { files, missing }: Collection): Promise<void> {
	const sizes = files.map(({ text }) => Buffer.byteLength(text) + noteBytes);
	const limit = fairLimit(sizes, folderBytes - fileBytes) - noteBytes;
	const fitted = files
		.map((file) => ({ ...file, text: trimmed(file.text, limit, file.keep) }))
		.sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
	const rows = fitted.map((file) => [file.path, String(Buffer.byteLength(file.text)), file.about, cutNote(file)]);
	const missingLines = missing.map(({ path, why }) => `${path}: ${why}\n`).sort();
	const index = [
		`${redacted(head)}\n\n`,
		`${table([["FILE", "BYTES", "CONTENT", ""], ...rows])}\n`,
		...(missingLines.length > 0 ? ["\nMissing:\n", ...missingLines] : []),
	].join("");
	for (const file of [...fitted, { path: "index.txt", text: trimmed(index, fileBytes, "start") }]) {
		const path = join(folder, file.path);
		await mkdir(dirname(path), { recursive: true });
		const note = "whole" in file ? cutNote(file) : "";
		// It may contain the output of other people's pods.
		await writeFile(path, note === "" ? file.text : `# ${note}\n${file.text}`, { mode: 0o600 });
	}
}

/** Empty if the file is complete. */
function cutNote({ text, whole, keep }: EvidenceFile): string {
	const bytes = Buffer.byteLength(text);
	return bytes === whole ? "" : `truncated: the ${keep === "end" ? "last" : "first"} ${bytes} of ${whole} bytes`;
}

/** Removes the oldest folders of evidence, and nothing else. */
export async function removeOldest(parent: string): Promise<void> {
	const entries = await readdir(parent, { withFileTypes: true });
	const folders = entries.filter((entry) => entry.isDirectory() && ownName.test(entry.name)).map(({ name }) => name);
	for (const name of folders.sort().slice(0, -foldersKept)) await rm(join(parent, name), { recursive: true });
}
