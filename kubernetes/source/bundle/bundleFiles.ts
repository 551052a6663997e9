/** A bundle on disk: a folder, or a .tar.gz of the same files. */
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { extract, pack } from "tar-stream";
import { writeAtomically } from "../../../lib/atomicFile.ts";
import { bundleSchema, Manifest } from "./bundleRecord.ts";
import { BundleSource, type ReadFile } from "./bundleSource.ts";
import type { BundleFile } from "./recordingSource.ts";

const manifestName = "manifest.json";

export const isArchive = (path: string): boolean => /\.(tar\.gz|tgz)$/.test(path);

/** @throws if the folder exists and isn't empty, or can't be written */
export async function writeBundle(path: string, manifest: Manifest, files: readonly BundleFile[]): Promise<void> {
	await refuseFilled(path);
	// The manifest comes last: a folder without it isn't a bundle.
	const all = [...files, { path: manifestName, content: `${JSON.stringify(manifest, null, "\t")}\n` }];
	if (isArchive(path)) return writeAtomically(path, await archiveOf(all, new Date(manifest.collectedAt)));
	for (const file of all) {
		const target = join(path, file.path);
		await mkdir(dirname(target), { recursive: true });
		await writeFile(target, file.content);
	}
}

/** An archive replaces an existing one. @throws if the path is a folder with files */
export async function refuseFilled(path: string): Promise<void> {
	if (isArchive(path)) return;
	const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return [];
		throw error;
	});
	if (entries.length > 0) throw new Error(`${path} isn't empty; fix: choose another --output, or remove it`);
}

/** In the folder that the archive is named after, so that unpacking it leaves one folder. */
async function archiveOf(files: readonly BundleFile[], mtime: Date): Promise<Buffer> {
	const archive = pack();
	for (const { path, content } of files) archive.entry({ name: `bundle/${path}`, mtime }, content);
	archive.finalize();
	const chunks: Buffer[] = [];
	await pipeline(archive, createGzip(), async (compressed: AsyncIterable<Buffer>) => {
		for await (const chunk of compressed) chunks.push(chunk);
	});
	return Buffer.concat(chunks);
}

/** @throws if it doesn't exist, isn't a bundle, or a later version wrote it */
export async function openBundle(path: string): Promise<{ source: BundleSource; manifest: Manifest }> {
	const read = await readerOf(path);
	const content = await read(manifestName).catch(() => {
		throw new Error(`${path} isn't a bundle of nodeport-lab collect: it has no ${manifestName}`);
	});
	const manifest = parseManifest(path, content);
	return { source: new BundleSource(manifest, read), manifest };
}

function parseManifest(path: string, content: string): Manifest {
	let json: unknown;
	try {
		json = JSON.parse(content);
	} catch (error) {
		throw new Error(`${path}: ${manifestName} isn't JSON (${(error as Error).message})`, { cause: error });
	}
	const { schema } = (json ?? {}) as { schema?: unknown };
	if (schema !== bundleSchema) {
		throw new Error(`${path} has the schema ${JSON.stringify(schema)}; this version reads "${bundleSchema}"`);
	}
	const { data, error } = Manifest.safeParse(json);
	if (data) return data;
	const [issue] = error.issues;
	throw new Error(`${path}: ${manifestName} has an error at ${issue?.path.join(".")}: ${issue?.message}`);
}

async function readerOf(path: string): Promise<ReadFile> {
	const found = await stat(path).catch(() => undefined);
	if (!found) throw new Error(`${path} doesn't exist; fix: --bundle <folder or .tar.gz of nodeport-lab collect>`);
	if (found.isDirectory()) return (file) => readFile(join(path, file), "utf8");
	const files = await unpack(path);
	return async (file) => {
		const content = files.get(file);
		if (content === undefined) throw new Error(`${path} lacks ${file}`);
		return content;
	};
}

/** Into memory: nothing of the archive is written to disk. */
async function unpack(path: string): Promise<Map<string, string>> {
	const files = new Map<string, string>();
	const archive = extract();
	const unpacking = pipeline(createReadStream(path), createGunzip(), archive);
	const reading = (async () => {
		for await (const entry of archive) {
			if (entry.header.type === "file") files.set(entry.header.name.replace(/^[^/]+\//, ""), await text(entry));
			else entry.resume();
		}
	})();
	try {
		await Promise.all([unpacking, reading]);
	} catch (error) {
		throw new Error(`${path} isn't a readable .tar.gz (${(error as Error).message})`, { cause: error });
	}
	return files;
}
