/** Runs once before the integration tests: writes a Pulumi home for each Kubernetes provider. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { layout, project } from "../../../toolchain/layout.ts";
import { linkPlugins } from "../../../toolchain/plugins.ts";
import { pluginFolder, requiredPlugins } from "../../../toolchain/substitutes/requiredPlugins.ts";
import { makeSubstitutes } from "../../../toolchain/substitutes.ts";
import { homeVariables } from "./provider.ts";

export default async function setUp(): Promise<void> {
	const plugins = requiredPlugins(project);
	const official = join(layout.testPulumiHome, "plugins");
	if (!plugins.every((plugin) => existsSync(join(official, pluginFolder(plugin)))))
		throw new Error(`${official} lacks the plugins that the tests need; fix: npm test`);
	process.env[homeVariables.official] = layout.testPulumiHome;
	const substitutes = join(await makeSubstitutes(), "plugins");
	const home = join(layout.folder, "pulumi-with-substitutes");
	await linkPlugins(
		plugins.map((plugin) => ({ ...plugin, how: "substitutes", folder: join(substitutes, pluginFolder(plugin)) })),
		home,
	);
	process.env[homeVariables.substitute] = home;
}
