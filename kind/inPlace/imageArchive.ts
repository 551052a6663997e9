/** An image archive, as `docker save` and `docker buildx build --output type=docker,dest=…` write it. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { z } from "zod";

const Manifest = z.array(z.object({ RepoTags: z.array(z.string()).nullable().default([]) }));

/** The id of the archive's content (sha256:…). */
export async function archiveId(path: string): Promise<string> {
	const hash = createHash("sha256");
	await pipeline(createReadStream(path), hash).catch((error: NodeJS.ErrnoException) => {
		if (error.code !== "ENOENT") throw error;
		throw new Error(`the image archive "${path}" doesn't exist; fix: docker save --output '${path}' <image>`);
	});
	return `sha256:${hash.digest("hex")}`;
}

/** The tags of the images in an archive, which may be compressed by gzip. */
export async function archiveTags(path: string): Promise<string[]> {
	const entries = extract();
	const decompress = (await isCompressed(path)) ? createGunzip() : new PassThrough();
	const reading = pipeline(createReadStream(path), decompress, entries);
	reading.catch((error: Error) => entries.destroy(error));
	for await (const entry of entries) {
		if (entry.header.name === "manifest.json")
			return Manifest.parse(await json(entry)).flatMap(({ RepoTags }) => RepoTags ?? []);
		entry.resume();
	}
	throw new Error(`"${path}" contains no manifest.json; fix: docker save --output '${path}' <image>`);
}

/** By gzip's magic number (RFC 1952). */
async function isCompressed(path: string): Promise<boolean> {
	const file = await open(path);
	try {
		const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
		return buffer.equals(Buffer.from([0x1f, 0x8b]));
	} finally {
		await file.close();
	}
}
