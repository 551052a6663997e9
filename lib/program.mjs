/**
 * Runs a program of this project, from any working folder: `node program.mjs <module> [argument …]`, the module from the
 * project's root. Node.js 20 reads no TypeScript, and a program's hundreds of modules take it seconds to find: so each
 * program is kept as one file, which is made where there is none yet or a module has changed.
 */
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [module] = process.argv.splice(2, 1);
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, ".toolchain", "programs");
const bundle = join(folder, `${module.replaceAll("/", "-")}.mjs`);
/** Which files are in the bundle, and when they began to be read. */
const record = `${bundle}.json`;

process.argv[1] = module;
// Packages in the bundle that are no ES modules get Node's own modules by it.
globalThis.require = createRequire(import.meta.url);
await import((await isCurrent()) || (await isMade()) ? pathToFileURL(bundle).href : await asItIs());

/** Whether nothing has changed since: of a file's times only this one cannot be set, whatever wrote or replaced it. */
async function isCurrent() {
	try {
		const { since, files } = JSON.parse(await readFile(record, "utf8"));
		const changed = await Promise.all(files.map(async (file) => (await stat(join(root, file))).ctimeMs >= since));
		return !changed.includes(true);
	} catch {
		return false; // There is no record or no such file any more, or the record was cut off: made anew, it is right again.
	}
}

/** @returns false where this folder is not ours to write to, or there is no room in it */
async function isMade() {
	try {
		await make();
		return true;
	} catch (error) {
		if (!["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"].includes(error.code)) throw error;
		return false;
	}
}

/** The slow way, which needs no room: tsx is found from here, wherever the command runs. */
async function asItIs() {
	const { register } = await import("tsx/esm/api");
	register();
	return new URL(`../${module}`, import.meta.url).href;
}

async function make() {
	const { build } = await import("esbuild");
	const since = Date.now();
	const own = `${process.pid}.new`;
	const { metafile, outputFiles } = await build({
		absWorkingDir: root,
		entryPoints: [module],
		outfile: bundle,
		bundle: true,
		write: false,
		metafile: true,
		platform: "node",
		target: "node20",
		format: "esm",
		logLevel: "warning",
	});
	await mkdir(folder, { recursive: true });
	// Others may make the same at the same time. The record comes last: without it the bundle counts for nothing.
	for (const [path, content] of [
		[bundle, outputFiles[0].contents],
		[record, JSON.stringify({ since, files: Object.keys(metafile.inputs) })],
	]) {
		try {
			await writeFile(`${path}.${own}`, content);
			await rename(`${path}.${own}`, path);
		} catch (error) {
			await rm(`${path}.${own}`, { force: true });
			throw error;
		}
	}
}
