/**
 * Pulumi's official Kubernetes provider, for the tests. Where it is neither installed nor downloaded, it is built from
 * the one version that Go's module proxy serves.
 */
import { findBuild, type GoBuild, limitBuilds, makeBuild } from "../builds/goModule.ts";
import { project } from "../layout.ts";
import type { LocatedPlugin, Step } from "../steps/step.ts";
import { type Plugin, pluginProgram, requiredPlugins } from "../substitutes/requiredPlugins.ts";
import { locatePlugin, pluginsStep } from "./plugins.ts";

const plugin = requiredPlugins(project).find(({ name }) => name === "kubernetes");
if (!plugin) throw new Error("package.json doesn't require @pulumi/kubernetes");

export const providerBuild: GoBuild = {
	name: "pulumi-kubernetes",
	module: "github.com/pulumi/pulumi-kubernetes/provider/v4",
	packages: ["."],
	program: pluginProgram(plugin),
	// Without inlining the compiler needs a quarter less time; the tests don't need a fast provider.
	gcflags: "-l",
	ldflags: `-X main.version=${plugin.version}`,
};

async function locateOfficial(plugin: Plugin): Promise<LocatedPlugin | undefined> {
	const located = await locatePlugin(plugin);
	if (located && located.how !== "substitutes") return located;
	const folder = await findBuild(providerBuild);
	return folder === undefined ? undefined : { ...plugin, how: "built", folder };
}

export const officialProviderStep: Step = {
	title: "official Kubernetes provider",
	name: "official-provider",
	// A plugin that could be downloaded is there after that step.
	needs: [pluginsStep],
	async find() {
		const officialProvider = await locateOfficial(plugin);
		if (!officialProvider) return undefined;
		const { how, version } = officialProvider;
		const what = `official Kubernetes provider v${version}`;
		return { what, how, officialProvider, notice: `Tests: ${what} (${how}).` };
	},
	async get(work) {
		await limitBuilds(() => work.part("building", () => makeBuild(providerBuild, work.run)));
	},
};
