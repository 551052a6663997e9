/**
 * Compiles the package into dist/: `node lib/programs/buildPackage.mjs`. npm runs it before it packs the package, and after
 * it has installed the repository (`prepare`), so it takes about a second: the declarations are those of docs/api/.
 *
 * Each entry point is there twice. A CommonJS program (Pulumi's templates, through ts-node) can't import an ES module by
 * `import`, which TypeScript compiles to `require`, on Node.js before 20.19, and its TypeScript finds no types in one.
 * Everything but Pulumi's SDKs is bundled: those keep the state of the process, so there must be one copy. Some packages are
 * ES modules only, and the client for Kubernetes alone has thousands of files.
 */
import { copyFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { entryPoints, programs } from "./packageParts.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = join(root, "dist");

/** The source maps cover this project only: those of the bundled packages would be most of the package. */
const ownSourceMaps = {
	name: "own source maps",
	setup({ onLoad }) {
		const empty = Buffer.from('{"version":3,"sources":["bundled"],"names":[],"mappings":"AAAA"}').toString("base64");
		onLoad({ filter: /node_modules.*\.[cm]?js$/ }, async ({ path }) => ({
			contents: `${await readFile(path, "utf8")}\n//# sourceMappingURL=data:application/json;base64,${empty}`,
			loader: "js",
		}));
	},
};

/** Where dist/ has the files that programs read next to their source. */
const files = "files";

/** A bundled module finds them by its source's position, below dist/files/. */
const sourcePositions = {
	name: "source positions",
	setup({ onLoad }) {
		onLoad({ filter: /\/report\/.*\.ts$/ }, async ({ path }) => {
			const text = await readFile(path, "utf8");
			if (!text.includes("import.meta.url")) return undefined;
			const position = `new URL("../${files}/${relative(root, path)}", import.meta.url)`;
			return { contents: text.replaceAll("import.meta.url", position), loader: "ts" };
		});
	},
};

async function copyStyles() {
	const paths = await readdir(join(root, "report"), { recursive: true });
	for (const path of paths.filter((path) => path.endsWith(".css"))) {
		const copy = join(dist, files, "report", path);
		await mkdir(dirname(copy), { recursive: true });
		await copyFile(join(root, "report", path), copy);
	}
}

const common = {
	absWorkingDir: root,
	outdir: "dist",
	bundle: true,
	platform: "node",
	target: "node20",
	external: ["@pulumi/*"],
	define: { NODEPORT_LAB_PACKAGED: "true" },
	sourcemap: true,
	minifySyntax: true,
	minifyWhitespace: true,
	plugins: [ownSourceMaps],
	logLevel: "warning",
};

/** Bundled packages that aren't ES modules load Node's own modules through it. */
const requireInModule = `import { createRequire as __createRequire } from "node:module";
const require = __createRequire(import.meta.url);`;

await rm(dist, { recursive: true, force: true });
await Promise.all([
	build({ ...common, entryPoints, format: "esm", splitting: true, banner: { js: requireInModule } }),
	build({
		...common,
		entryPoints,
		format: "cjs",
		outExtension: { ".js": ".cjs" },
		define: { ...common.define, "import.meta.url": "__moduleUrl" },
		banner: { js: 'const __moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
	}),
	build({
		...common,
		entryPoints: programs,
		outdir: "dist/programs",
		plugins: [ownSourceMaps, sourcePositions],
		format: "esm",
		splitting: true,
		banner: { js: requireInModule },
	}),
]);
await copyStyles();
for (const name of Object.keys(entryPoints)) {
	for (const extension of ["d.ts", "d.cts"]) {
		await copyFile(join(root, "docs", "api", `${name}.d.ts`), join(dist, `${name}.${extension}`));
	}
}
