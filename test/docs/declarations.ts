/** The declarations of the package's entry points, each in one text: what docs/api/ has. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import ts from "typescript";
import { entryPoints } from "../../lib/programs/packageParts.mjs";
import { plainTypes } from "./plainTypes.ts";

const root = join(import.meta.dirname, "../..");

/** By the entry point's name. */
export async function declarations(): Promise<Record<string, string>> {
	const folder = await mkdtemp(join(tmpdir(), "nodeport-lab-declarations-"));
	try {
		emit(folder);
		const names = Object.entries(entryPoints);
		const texts = names.map(async ([name, module]) => [name, await rolledUp(join(folder, module))] as const);
		return Object.fromEntries(await Promise.all(texts));
	} finally {
		await rm(folder, { recursive: true });
	}
}

/** Writes what tsc emits for each module. Types are checked elsewhere: without that it takes a fifth of the time. */
function emit(folder: string): void {
	const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
	const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
	const modules = Object.values(entryPoints).map((module) => join(root, module));
	const emitted = { noEmit: false, noCheck: true, declaration: true, emitDeclarationOnly: true };
	const program = ts.createProgram(modules, { ...options, ...emitted, rootDir: root, outDir: folder });
	const afterDeclarations = [plainTypes(program.getTypeChecker())];
	program.emit(undefined, undefined, undefined, true, { afterDeclarations });
}

async function rolledUp(module: string): Promise<string> {
	// The imports in an emitted declaration name the source, and the plugin doesn't follow them.
	const resolveId = (id: string, importer: string | undefined) =>
		importer === undefined || id.startsWith(".")
			? join(importer === undefined ? "" : dirname(importer), id).replace(/(\.d)?\.ts$/, ".d.ts")
			: undefined;
	const bundle = await rollup({
		input: module,
		external: [/^@pulumi\//, "zod"],
		// It warns that nothing uses zod any more.
		logLevel: "silent",
		plugins: [{ name: "emitted declarations", resolveId }, dts()],
	});
	const { output } = await bundle.generate({ format: "es" });
	return output[0].code;
}
