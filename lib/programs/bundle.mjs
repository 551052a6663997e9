/**
 * Keeps each program of this project as one file, which is made again when a module has changed: Node.js 20 reads no
 * TypeScript, and finding the hundreds of modules of a program takes seconds.
 */
import { readFile, stat } from "node:fs/promises";
import * as nodeModule from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, ".toolchain", "programs");

// These packages start programs of their own, found next to their files.
const external = ["esbuild", "tsx", "playwright-core"];

/** In a bundle, the position of the module's own source. */
const sourceOf = `import { fileURLToPath as __path } from "node:url";
const __meta = (path) => {
	const url = new URL(path, import.meta.url);
	return { url: url.href, dirname: __path(new URL(".", url)).replace(/\\/$/, "") };
};`;

/**
 * The URL of a module of this project, given by its path from the root, in a form that Node.js can import.
 * @param shared packages that must exist once in the process, because the program that imports the module uses them too
 */
export async function bundleOf(module, shared = []) {
	const bundle = join(folder, `${module.replaceAll("/", "-")}.mjs`);
	// Bundled packages that aren't ES modules load Node's own modules through it.
	globalThis.require ??= nodeModule.createRequire(import.meta.url);
	nodeModule.enableCompileCache?.(join(root, ".toolchain", "compile-cache")); // From Node.js 22 on.
	// Stack traces then name the sources.
	if (process.env.NODEPORT_LAB_DEBUG) return asSource(module);
	return (await isCurrent(bundle)) || (await isMade(module, bundle, shared))
		? pathToFileURL(bundle).href
		: asSource(module);
}

const recordOf = (bundle) => `${bundle}.json`;

/** Of a file's times, only ctime can't be set by whatever writes or replaces it. */
async function isCurrent(bundle) {
	try {
		const { since, files } = JSON.parse(await readFile(recordOf(bundle), "utf8"));
		const changed = await Promise.all(files.map(async (file) => (await stat(join(root, file))).ctimeMs >= since));
		return !changed.includes(true);
	} catch {
		return false; // The record is missing or truncated, or names a file that is gone: the bundle is made again.
	}
}

/** @returns false if the folder isn't writable, or the disk is full */
async function isMade(module, bundle, shared) {
	try {
		await make(module, bundle, shared);
		return true;
	} catch (error) {
		if (!["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"].includes(error.code)) throw error;
		return false;
	}
}

/** The slow alternative, which needs no room. */
async function asSource(module) {
	const { register } = await import("tsx/esm/api");
	register();
	return new URL(`../../${encodeURI(module)}`, import.meta.url).href;
}

/** A bundled module still finds the files next to its source. */
const sourcePositions = {
	name: "source positions",
	setup({ onLoad }) {
		onLoad({ filter: /\.ts$/ }, async ({ path }) => {
			const own = relative(root, path);
			if (own.startsWith("..") || own.includes("node_modules")) return undefined;
			const text = await readFile(path, "utf8");
			if (!text.includes("import.meta.")) return undefined;
			const position = JSON.stringify(`../../${own.split("/").map(encodeURIComponent).join("/")}`);
			return { contents: text.replaceAll("import.meta.", `__meta(${position}).`), loader: "ts" };
		});
	},
};

async function make(module, bundle, shared) {
	const [{ build }, { tsImport }] = await Promise.all([import("esbuild"), import("tsx/esm/api")]);
	const { writeAtomically } = await tsImport("../atomicFile.ts", import.meta.url);
	const since = Date.now();
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
		external: [...external, ...shared],
		banner: { js: sourceOf },
		plugins: [sourcePositions],
	});
	// Other processes may make the same bundle at the same time. The record comes last: a bundle without it isn't used.
	await writeAtomically(bundle, outputFiles[0].contents);
	await writeAtomically(recordOf(bundle), JSON.stringify({ since, files: Object.keys(metafile.inputs) }));
}
