/** The package, as another program installs it. */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { build, type Metafile } from "esbuild";
import { beforeAll, expect, it } from "vitest";

const manifest: { exports: Record<string, string>; files: string[]; dependencies: Record<string, string> } = JSON.parse(
	readFileSync("package.json", "utf8"),
);
/** The programs that components start. */
const programs = ["lib/program.mjs", "kind/kindProgram.ts", "verification/verificationProgram.ts"];

let metafile: Metafile;

beforeAll(async () => {
	const modules = Object.values(manifest.exports).filter((path) => path.endsWith(".ts"));
	({ metafile } = await build({
		entryPoints: [...modules, ...programs],
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

it("contains each module that its exports and programs load", () => {
	const modules = Object.keys(metafile.inputs);
	expect(modules).toContain("verification/model.ts");
	expect(modules.filter((module) => !manifest.files.some((folder) => module.startsWith(`${folder}/`)))).toEqual([]);
});

it("depends on each package that they load", () => {
	const specifiers = Object.values(metafile.inputs).flatMap(({ imports }) =>
		imports.filter(({ external }) => external).map(({ path }) => path),
	);
	const packages = specifiers
		.filter((path) => !path.startsWith("node:") && !builtinModules.includes(path))
		.map((path) =>
			path
				.split("/")
				.slice(0, path.startsWith("@") ? 2 : 1)
				.join("/"),
		);
	expect(packages).toContain("@pulumi/pulumi");
	expect(packages.filter((name) => manifest.dependencies[name] === undefined)).toEqual([]);
});

it("doesn't load components for the contract", () => {
	const { inputs } = Object.values(metafile.outputs).find(
		({ entryPoint }) => entryPoint === "components/lab/labOutputs.ts",
	) ?? { inputs: {} };
	expect(Object.keys(inputs)).toContain("components/lab/labContract.ts");
	expect(Object.keys(inputs).filter((module) => /kindCluster|echoDeployment/.test(module))).toEqual([]);
});
