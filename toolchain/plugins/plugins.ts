/** The provider plugins that the stack needs, in exactly the versions of its npm packages. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { contentKey, findEntry, makeEntry } from "../cache.ts";
import { makeLinks } from "../environment/links.ts";
import { layout, project } from "../layout.ts";
import { type Have, type LocatedPlugin, obtain, type Step, type Work } from "../steps/step.ts";
import { type Plugin, pluginFolder, pluginProgram, requiredPlugins } from "../substitutes/requiredPlugins.ts";
import { whyUnreachable } from "../tools/download.ts";
import { locate, pulumiStep } from "../tools/locate.ts";
import { pulumi } from "../tools/tools.ts";
import { findSubstitutes, makeSubstitutes } from "./substitutes.ts";

export const pluginsStep: Step = {
	title: "Pulumi plugins",
	name: "plugins",
	needs: [pulumiStep],
	find: locatePlugins,
	get: getPlugins,
};

/** The user's Pulumi home, unless PULUMI_HOME is one that set-up wrote for a clone (.toolchain/env) or for its tests. */
export function userHome(environment: NodeJS.ProcessEnv = process.env): string {
	const named = environment.PULUMI_HOME;
	const own = named?.endsWith("/.toolchain/pulumi") || named === layout.testPulumiHome;
	return named && !own ? named : join(homedir(), ".pulumi");
}

export async function locatePlugin(plugin: Plugin): Promise<LocatedPlugin | undefined> {
	const places = [
		["found", userHome()],
		["downloaded", findEntry("plugin-downloaded", downloadKey(plugin))],
		["substitutes", await findSubstitutes()],
	] as const;
	for (const [how, home] of places) {
		const folder = home && join(home, "plugins", pluginFolder(plugin));
		if (folder && existsSync(join(folder, pluginProgram(plugin)))) return { ...plugin, how, folder };
	}
	return undefined;
}

const substitutesNotice =
	"Pulumi plugins: built-in substitutes, because the official ones could not be downloaded (docs/set-up.md).";

/** The plugins, if all of them exist. */
export async function locatePlugins(): Promise<(Have & { plugins: LocatedPlugin[] }) | undefined> {
	const located = await Promise.all(requiredPlugins(project).map(locatePlugin));
	const plugins = located.filter((plugin) => plugin !== undefined);
	if (plugins.length < located.length) return undefined;
	const names = plugins.map(({ name, version }) => `${name} v${version}`).join(", ");
	const how = [...new Set(plugins.map((plugin) => plugin.how))].join(" and ");
	const notice = plugins.some((plugin) => plugin.how === "substitutes") && substitutesNotice;
	return { what: `Pulumi plugins ${names}`, how, plugins, ...(notice && { notice }) };
}

// Where the CLI looks for a provider's releases.
const hosts = ["https://api.github.com", "https://get.pulumi.com"];

async function whyNoHost(): Promise<string | undefined> {
	const reasons = await Promise.all(hosts.map(whyUnreachable));
	return reasons.includes(undefined) ? undefined : reasons.join("; ");
}

/** Downloads what is missing, the way `pulumi up` itself would, else bundles the built-in substitutes. Needs the CLI. */
export async function getPlugins(work: Work): Promise<void> {
	for (const plugin of requiredPlugins(project)) {
		if (await locatePlugin(plugin)) continue;
		const official = {
			name: `pulumi plugin install resource ${plugin.name} ${plugin.version}`,
			unreachable: whyNoHost,
			get: () => work.part(`downloading ${plugin.name}`, () => downloadPlugin(plugin, work)),
		};
		const build = () => work.part("bundling the substitutes", async () => void (await makeSubstitutes()));
		await obtain([official], build, work);
	}
}

const downloadKey = ({ name, version }: Plugin): string => contentKey(name, version, process.platform, process.arch);

async function downloadPlugin(plugin: Plugin, work: Work): Promise<void> {
	const cli = await locate(pulumi);
	if (!cli) throw new Error("the Pulumi CLI, which downloads the plugins, wasn't found");
	await makeEntry("plugin-downloaded", downloadKey(plugin), async (home) => {
		const env = { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: "true" };
		const args = ["plugin", "install", "resource", plugin.name, plugin.version, "--non-interactive"];
		await work.run(cli.program, args, { env, cwd: home });
	});
}

/**
 * Makes the project's own Pulumi home if the user's lacks one of the plugins.
 * @returns that home; undefined if the user's has them all
 */
export async function makeHome(plugins: LocatedPlugin[], home = layout.pulumiHome): Promise<string | undefined> {
	if (plugins.every(({ how }) => how === "found")) return undefined;
	await linkPlugins(plugins, home);
	return home;
}

/** Makes a Pulumi home have exactly these plugins. */
export async function linkPlugins(plugins: LocatedPlugin[], home: string): Promise<void> {
	// Pulumi ignores a plugin's folder that is a link, but accepts links to files.
	const files = plugins.map(async (plugin) =>
		(await readdir(plugin.folder)).map((file) => [join(pluginFolder(plugin), file), join(plugin.folder, file)]),
	);
	await makeLinks(join(home, "plugins"), Object.fromEntries((await Promise.all(files)).flat()));
}
