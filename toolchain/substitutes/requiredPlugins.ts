/** The provider plugins that a program's npm dependencies need. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Part of a package.json. `pulumi` marks a provider's SDK. */
interface Manifest {
	version?: string;
	dependencies?: Record<string, string>;
	devDependencies?: Record<string, string>;
	pulumi?: { resource?: boolean; name?: string; version?: string };
}

export interface Plugin {
	name: string;
	/** The npm package's, without a leading v. */
	version: string;
}

/** A plugin's folder below `plugins` in a Pulumi home. */
export const pluginFolder = ({ name, version }: Plugin): string => `resource-${name}-v${version}`;

export const pluginProgram = ({ name }: Plugin): string => `pulumi-resource-${name}`;

const readManifest = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Manifest;

/** The nearest such file in the directory or above it, as Node.js finds packages. */
function searchUp(directory: string, path: string): string | undefined {
	const found = join(directory, path);
	if (existsSync(found)) return found;
	const parent = dirname(directory);
	return parent === directory ? undefined : searchUp(parent, path);
}

export function requiredPlugins(programDirectory: string): Plugin[] {
	const own = searchUp(programDirectory, "package.json");
	if (own === undefined) return [];
	const { dependencies, devDependencies } = readManifest(own);
	return Object.keys({ ...dependencies, ...devDependencies }).flatMap((dependency) => {
		const path = searchUp(dirname(own), join("node_modules", dependency, "package.json"));
		const { pulumi, version = "" } = path === undefined ? {} : readManifest(path);
		if (!pulumi?.resource) return [];
		const name = pulumi.name ?? dependency.replace(/^@pulumi\//, "");
		return [{ name, version: (pulumi.version ?? version).replace(/^v/, "") }];
	});
}
