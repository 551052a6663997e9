/** The package, as npm packs it and another program installs it. */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { build, type Metafile } from "esbuild";
import { beforeAll, expect, it } from "vitest";
import { entryPoints, programs } from "../../lib/programs/packageParts.mjs";
import { declarations } from "../docs/declarations.ts";
import { reference } from "../docs/reference.ts";

const read = (path: string) => readFileSync(path, "utf8");

const manifest: {
	exports: Record<string, unknown>;
	dependencies: Record<string, string>;
	peerDependencies: Record<string, string>;
	devDependencies: Record<string, string>;
} = JSON.parse(read("package.json"));

let metafile: Metafile;

beforeAll(async () => {
	({ metafile } = await build({
		entryPoints: [...Object.values(entryPoints), ...Object.values(programs)],
		bundle: true,
		packages: "external",
		platform: "node",
		format: "esm",
		outdir: "unwritten",
		write: false,
		metafile: true,
		logLevel: "error",
	}));
});

const modulesOf = (entryPoint: string): string[] =>
	Object.keys(Object.values(metafile.outputs).find((output) => output.entryPoint === entryPoint)?.inputs ?? {});

it("exports each entry point for import and for require, with declarations for both", () => {
	const exported = Object.keys(entryPoints).map((name) => [
		name === "index" ? "." : `./${name}`,
		{
			import: { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
			require: { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` },
		},
	]);
	expect(manifest.exports).toEqual({ ...Object.fromEntries(exported), "./package.json": "./package.json" });
});

it("includes each program that components start", () => {
	const started = Object.keys(metafile.inputs).flatMap((module) =>
		module.startsWith("components/")
			? [...read(module).matchAll(/programCommand\("(.*?)"/g)].map(([, path]) => path)
			: [],
	);
	expect(started.length).toBeGreaterThan(3);
	expect(started.filter((path) => !Object.values(programs).includes(path ?? ""))).toEqual([]);
});

it("has each package that isn't bundled as a dependency of its own or of the user's program", () => {
	const specifiers = Object.values(metafile.inputs).flatMap(({ imports }) =>
		imports.filter(({ external }) => external).map(({ path }) => path),
	);
	const packages = specifiers
		.filter((path) => !path.startsWith("node:") && !builtinModules.includes(path))
		.map((path) => path.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? path);
	const { dependencies, peerDependencies, devDependencies } = manifest;
	const needed = { ...dependencies, ...peerDependencies };
	const isBundled = (name: string) => !name.startsWith("@pulumi/") && devDependencies[name] !== undefined;
	expect(packages).toContain("@pulumi/pulumi");
	expect([...new Set(packages)].filter((name) => needed[name] === undefined && !isBundled(name))).toEqual([]);
	expect(Object.keys(needed).filter((name) => !packages.includes(name))).toEqual([]);
});

it("is tested with the versions of Pulumi's SDKs that it accepts from", () => {
	const { peerDependencies, devDependencies } = manifest;
	for (const [name, range] of Object.entries(peerDependencies)) expect(range).toBe(`^${devDependencies[name]}`);
});

it("doesn't load components for the contract", () => {
	const modules = modulesOf(entryPoints.contract);
	expect(modules).toContain("components/lab/labContract.ts");
	expect(modules.filter((module) => /kindCluster|echoDeployment/.test(module))).toEqual([]);
});

it("loads nothing for the walk but the walk", () => {
	const modules = modulesOf(entryPoints.netfilter);
	expect(modules).toContain("netfilter/iptables/walk.ts");
	expect(modules.filter((module) => !module.startsWith("netfilter/"))).toEqual([]);
});

it("finds files by its own position only where the package has them", () => {
	const modules = Object.keys(metafile.inputs).filter((module) => read(module).includes("import.meta."));
	// labCommands.ts only in the repository; the files of a page are below dist/files/.
	const known = ["cli/tool/labCommands.ts", "lib/programs/programCommand.ts", "report/diagnosis/diagnosisPage.ts"];
	expect(modules.sort()).toEqual(known);
});

it("has declarations and a reference that are current: a change of the public API shows in a diff", async () => {
	const current = await declarations();
	const fix = "run `npm run docs:api`, and review the difference: removing or narrowing needs a new major version";
	for (const [name, text] of Object.entries(current)) expect(read(`docs/api/${name}.d.ts`), fix).toBe(text);
	expect(read("docs/reference.md"), fix).toBe(reference(current.index ?? ""));
}, 180_000);
