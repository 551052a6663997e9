import { chmod, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { layout, project } from "../layout.ts";
import { linkPlugins, makeHome } from "../plugins/plugins.ts";
import type { Have } from "../steps/step.ts";
import { writeEnvironment } from "./environmentFile.ts";
import { makeLinks, readLinks } from "./links.ts";

/**
 * Writes the project's links to tools and plugins, and its shell file. Only the user may read the state, although Pulumi
 * makes its files readable for everyone.
 * @param isPart keeps other links, which another stack of this folder may use
 */
export async function connect(all: Have[], { isPart = false } = {}): Promise<void> {
	const programs = all.flatMap(({ program }) => (program === undefined ? [] : [[basename(program), program]]));
	await makeLinks(layout.bin, {
		...(isPart && (await readLinks(layout.bin))),
		...Object.fromEntries(programs),
		"nodeport-lab": join(project, "cli/tool/nodeport-lab.mjs"),
	});
	const plugins = all.flatMap(({ plugins = [] }) => plugins);
	const pulumiHome = await makeHome(plugins);
	const official = all.flatMap(({ officialProvider = [] }) => officialProvider);
	if (official.length > 0) {
		const others = plugins.filter(({ name }) => !official.some((provider) => provider.name === name));
		await linkPlugins([...others, ...official], layout.testPulumiHome);
	}
	const { bin, kubeconfig, kubeCache } = layout;
	await writeEnvironment({ bin, kubeconfig, kubeCache, ...(pulumiHome && { pulumiHome }) });
	await mkdir(layout.state, { recursive: true });
	await chmod(layout.state, 0o700);
}
