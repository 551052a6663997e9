/** Bundles the stand-ins into files that the engine starts as it starts the official plugins. */
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import command from "@pulumi/command/package.json" with { type: "json" };
import kubernetes from "@pulumi/kubernetes/package.json" with { type: "json" };
import { build } from "esbuild";

const providerPath = ({ name, version }: { name: string; version: string }) =>
	join("plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);

/** What is built from where, and where it goes. The engine wants the npm package's version in the path, exactly. */
const standIns = {
	"language-nodejs": { source: "language/main.ts", path: "bin/pulumi-language-nodejs" },
	command: { source: "command/main.ts", path: providerPath(command.pulumi) },
	kubernetes: { source: "kubernetes/main.ts", path: providerPath(kubernetes.pulumi) },
} as const;

export type StandIn = keyof typeof standIns;

/**
 * @param outDir gets `bin/`, to lie beside the pulumi executable, and `plugins/`, which belongs into PULUMI_HOME
 * @param names which ones; by default all
 * @returns the path of each executable that was built
 */
export async function buildStandIns(
	outDir: string,
	names: readonly StandIn[] = Object.keys(standIns) as StandIn[],
): Promise<Partial<Record<StandIn, string>>> {
	const built = await Promise.all(
		names.map(async (name) => {
			const { source, path } = standIns[name];
			const executable = join(outDir, path);
			await mkdir(dirname(executable), { recursive: true });
			await build({
				entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
				outfile: executable,
				banner: { js: "#!/usr/bin/env node" },
				bundle: true,
				platform: "node",
				target: "node20",
				format: "cjs",
				logLevel: "warning",
			});
			await chmod(executable, 0o755);
			// A file without extension below a package of ES modules would be read as one.
			await writeFile(join(dirname(executable), "package.json"), '{ "type": "commonjs" }\n');
			return [name, executable] as const;
		}),
	);
	return Object.fromEntries(built);
}
