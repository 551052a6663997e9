/** Runs once before the integration tests: writes a Pulumi home for each Kubernetes provider. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { layout, project } from "../../../toolchain/layout.ts";
import { makeHome } from "../../../toolchain/plugins/plugins.ts";
import { makeSubstitutes } from "../../../toolchain/plugins/substitutes.ts";
import { pluginFolder, requiredPlugins } from "../../../toolchain/substitutes/requiredPlugins.ts";
import { defaultProvider, homeVariables } from "./providerChoice.ts";

export default async function setUp(): Promise<void> {
	const plugins = requiredPlugins(project);
	const official = join(layout.folder, "pulumi-for-tests");
	const lacks = plugins.filter((plugin) => !existsSync(join(official, "plugins", pluginFolder(plugin))));
	if (lacks.length === 0) process.env[homeVariables.official] = official;
	else if (defaultProvider() === "official")
		throw new Error(`${official} lacks plugins (${lacks.map(({ name }) => name).join(", ")}); fix: npm test`);
	const bundled = join(await makeSubstitutes(), "plugins");
	const substitutes = plugins.map((plugin) => ({
		...plugin,
		how: "substitutes" as const,
		folder: join(bundled, pluginFolder(plugin)),
	}));
	process.env[homeVariables.substitute] = await makeHome(substitutes, join(layout.folder, "pulumi-with-substitutes"));
}
