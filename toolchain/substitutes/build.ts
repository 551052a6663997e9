/** Bundles the built-in substitutes for Pulumi's plugins, which the engine starts like the official ones. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { project } from "../layout.ts";
import { pluginFolder, pluginProgram, requiredPlugins } from "./requiredPlugins.ts";

/** The entry point of each, relative to this folder. */
const entryPoints = {
	"language-nodejs": "language-nodejs/languageHost.ts",
	command: "command/commandPlugin.ts",
	kubernetes: "kubernetes/kubernetesPlugin.ts",
};

export type Substitute = keyof typeof entryPoints;

const substitutes = Object.keys(entryPoints) as Substitute[];

/** Where the engine expects it. */
function pathOf(name: Substitute): string {
	if (name === "language-nodejs") return "bin/pulumi-language-nodejs";
	const plugin = requiredPlugins(project).find((plugin) => plugin.name === name);
	if (!plugin) throw new Error(`package.json doesn't depend on the SDK of the provider ${name}`);
	return join("plugins", pluginFolder(plugin), pluginProgram(plugin));
}

/**
 * @param outDir gets `bin/`, which belongs next to the pulumi executable, and `plugins/`, which belongs in PULUMI_HOME
 * @returns the path of each executable
 */
export async function buildSubstitutes(
	outDir: string,
	names: readonly Substitute[] = substitutes,
): Promise<Partial<Record<Substitute, string>>> {
	const built = await Promise.all(
		names.map(async (name) => {
			const executable = join(outDir, pathOf(name));
			await mkdir(dirname(executable), { recursive: true });
			await build({
				entryPoints: [fileURLToPath(new URL(entryPoints[name], import.meta.url))],
				outfile: executable,
				banner: { js: "#!/usr/bin/env node" },
				bundle: true,
				platform: "node",
				target: "node20",
				format: "cjs",
				logLevel: "warning",
			});
			await chmod(executable, 0o755);
			// Otherwise Node.js reads a file without extension as an ES module, as the project's package.json says.
			await writeFile(join(dirname(executable), "package.json"), '{ "type": "commonjs" }\n');
			return [name, executable] as const;
		}),
	);
	return Object.fromEntries(built);
}
