/** Which provider plugins a program needs: those that its npm dependencies name. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

/** The part of an npm manifest that matters here. `pulumi` marks the SDK of a provider. */
const Manifest = z.object({
	version: z.string().default(""),
	dependencies: z.record(z.string(), z.string()).default({}),
	devDependencies: z.record(z.string(), z.string()).default({}),
	pulumi: z
		.object({ resource: z.boolean().default(false), name: z.string().optional(), version: z.string().optional() })
		.optional(),
});

export interface RequiredPlugin {
	name: string;
	/** Exactly that of the npm package, without a leading v. */
	version: string;
}

const readManifest = (path: string) => Manifest.parse(JSON.parse(readFileSync(path, "utf8")));

/** The nearest such file in the directory or above it, as Node finds packages. */
function searchUp(directory: string, path: string): string | undefined {
	const found = join(directory, path);
	if (existsSync(found)) return found;
	const parent = dirname(directory);
	return parent === directory ? undefined : searchUp(parent, path);
}

export function requiredPlugins(programDirectory: string): RequiredPlugin[] {
	const own = searchUp(programDirectory, "package.json");
	if (own === undefined) return [];
	const { dependencies, devDependencies } = readManifest(own);
	return Object.keys({ ...dependencies, ...devDependencies }).flatMap((dependency) => {
		const path = searchUp(dirname(own), join("node_modules", dependency, "package.json"));
		const { pulumi, version } = path === undefined ? Manifest.parse({}) : readManifest(path);
		if (!pulumi?.resource) return [];
		const name = pulumi.name ?? dependency.replace(/^@pulumi\//, "");
		return [{ name, version: (pulumi.version ?? version).replace(/^v/, "") }];
	});
}
