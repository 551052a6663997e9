import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Collection, fileBytes } from "../../../../verification/evidence/collection.ts";
import {
	folderBytes,
	folderName,
	foldersKept,
	removeOldest,
	writeFolder,
} from "../../../../verification/evidence/folder.ts";
import { temporaryFolder } from "../../temporary.ts";

const scratch = temporaryFolder();
const names = (count: number) =>
	Array.from({ length: count }, (_, i) => folderName(new Date(Date.UTC(2026, 0, 1 + i))));
const read = (...path: string[]) => readFile(join(scratch.path, ...path), "utf8");

/** A log of so many bytes, every line of which has another number. */
const log = (bytes: number) =>
	Array.from({ length: bytes / 64 }, (_, i) => `${String(i).padStart(63, ".")}\n`).join("");

it("names a folder by its time, so that folders sort by time", () => {
	expect(folderName(new Date("2026-01-02T03:04:05.678Z"))).toBe("evidence-2026-01-02T03-04-05-678Z");
	expect(names(12).sort()).toEqual(names(12));
});

it("writes the files and an index of them, with what is missing and why", async () => {
	const collection = new Collection(5);
	await collection.add("nodes/a/journal.log", "the log", async () => "first\nlast\n", "end");
	await collection.add("nodes/b/journal.log", "the log", async () => {
		throw new Error("Container b\nis paused");
	});
	await writeFolder(scratch.path, "Why: because", collection);
	expect(await read("nodes/a/journal.log")).toBe("first\nlast\n");
	expect(await read("index.txt")).toBe(
		[
			"Why: because",
			"",
			"FILE                 BYTES  CONTENT",
			"nodes/a/journal.log  11     the log",
			"",
			"Missing:",
			"nodes/b/journal.log: Container b is paused",
			"",
		].join("\n"),
	);
});

it("reports what wasn't read within the time limit", async () => {
	const collection = new Collection(0.05);
	await collection.add("never.txt", "never", () => new Promise(() => {}));
	expect(collection.missing).toEqual([
		{ path: "never.txt", why: expect.stringMatching(/^no answer within the 0.05 s/) },
	]);
});

it("truncates the longest files, keeps the end of logs, and marks both file and index", async () => {
	const collection = new Collection(60);
	const long = Array.from({ length: 40 }, (_, i) => `${i}.log`);
	for (const path of long) await collection.add(path, "a log", async () => log(fileBytes * 2), "end");
	await collection.add("rules", "rules", async () => log(64_000));
	await writeFolder(scratch.path, "", collection);
	const sizes = await Promise.all(
		(await readdir(scratch.path)).map(async (name) => (await stat(join(scratch.path, name))).size),
	);
	const whole = sizes.reduce((sum, size) => sum + size, 0);
	expect(whole).toBeLessThanOrEqual(folderBytes);
	expect(whole).toBeGreaterThan(folderBytes * 0.9);
	expect(await read("rules")).toBe(log(64_000));
	for (const path of long) {
		const text = await read(path);
		expect(text).toMatch(/^# truncated: the last \d+ of 2097152 bytes\n\.*\d+\n/);
		expect(text.endsWith(log(fileBytes * 2).slice(-640))).toBe(true);
	}
	expect(await read("index.txt")).toMatch(/^39\.log +\d+ +a log +truncated: the last \d+ of 2097152 bytes$/m);
});

it("keeps the newest evidence folders, and all other files", async () => {
	const all = names(foldersKept + 2);
	for (const name of all) {
		await mkdir(join(scratch.path, name));
		await writeFile(join(scratch.path, name, "index.txt"), "");
	}
	const others = ["evidence-of-mine", `${all[0]}-copy`, "verification.json"];
	for (const name of others) await mkdir(join(scratch.path, name));
	const [file, link] = [folderName(new Date(0)), folderName(new Date(1))];
	await writeFile(join(scratch.path, file), "");
	await symlink(join(scratch.path, "evidence-of-mine"), join(scratch.path, link));
	await removeOldest(scratch.path);
	expect((await readdir(scratch.path)).sort()).toEqual([...all.slice(2), ...others, file, link].sort());
});
