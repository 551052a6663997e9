import { readFile, writeFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { expect, it } from "vitest";
import { archiveId, archiveTags } from "../../../../kind/inPlace/imageArchive.ts";
import { scratchFolder } from "../../fakePrograms.ts";

scratchFolder();

async function archive(files: Record<string, string>): Promise<void> {
	const tar = pack();
	for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
	tar.finalize();
	await writeFile("image.tar", await buffer(tar));
}

const manifest = JSON.stringify([
	{ Config: "c", RepoTags: ["echo:1"] },
	{ Config: "d", RepoTags: null },
]);

it("has the tags of its manifest, also if it is compressed", async () => {
	await archive({ "blobs/1": "x".repeat(5000), "manifest.json": manifest });
	expect(await archiveTags("image.tar")).toEqual(["echo:1"]);
	await writeFile("image.tar.gz", gzipSync(await readFile("image.tar")));
	expect(await archiveTags("image.tar.gz")).toEqual(["echo:1"]);
});

it.each([
	["has no manifest", () => archive({ a: "b" }), /contains no manifest.json; fix: docker save/],
	["isn't an archive", () => writeFile("image.tar", "x".repeat(2000)), /tar header/],
])("that %s is an error", async (_, write, message) => {
	await write();
	await expect(archiveTags("image.tar")).rejects.toThrow(message);
});

it("has an id that changes with its content", async () => {
	await archive({ "manifest.json": manifest });
	const id = await archiveId("image.tar");
	expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
	await archive({ "manifest.json": "[]" });
	expect(await archiveId("image.tar")).not.toBe(id);
	await expect(archiveId("none.tar")).rejects.toThrow(/"none.tar" doesn't exist; fix: docker save/);
});
