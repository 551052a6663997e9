import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { writeAtomically } from "../../../lib/atomicFile.ts";
import { scratchFolder } from "../fakePrograms.ts";

scratchFolder();

it("replaces a file, and creates its folder", async () => {
	await writeAtomically("new/folder/file", "first");
	await writeAtomically("new/folder/file", Buffer.from("second"));
	expect(await readFile("new/folder/file", "utf8")).toBe("second");
	expect(await readdir("new/folder")).toEqual(["file"]);
});

it("leaves one whole file if several writers write it at the same time", async () => {
	const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(100_000));
	await Promise.all(texts.map((text) => writeAtomically("file", text)));
	expect(texts).toContain(await readFile("file", "utf8"));
	expect(await readdir(".")).toEqual(["file"]);
});

it("leaves the old content and no temporary file if it fails", async () => {
	await mkdir("file");
	await writeFile("file/old", "old");
	await expect(writeAtomically("file", "new")).rejects.toThrow("rename");
	expect(await readFile("file/old", "utf8")).toBe("old");
	expect(await readdir(".")).toEqual(["file"]);
});

it("keeps the old content if the check of the new file fails", async () => {
	await writeAtomically("file", "old");
	const check = async (path: string) => {
		expect(await readFile(path, "utf8")).toBe("new");
		throw new Error("refused");
	};
	await expect(writeAtomically("file", "new", { temporary: "file.unproven", check })).rejects.toThrow("refused");
	expect(await readFile("file", "utf8")).toBe("old");
	expect(await readdir(".")).toEqual(["file"]);
});
