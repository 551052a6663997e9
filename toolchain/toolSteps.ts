import { getTool, locate } from "./locate.ts";
import { getPlugins, locatePlugins } from "./plugins.ts";
import type { Step } from "./step.ts";
import { kind, kubectl, pulumi, type Tool } from "./tools.ts";

const toolStep = (tool: Tool): Step => ({
	title: tool.name,
	name: tool.name,
	needs: [],
	find: () => locate(tool),
	async get(work) {
		await getTool(tool, work);
		return undefined;
	},
});

export const kindStep = toolStep(kind);
export const pulumiStep = toolStep(pulumi);
export const kubectlStep = toolStep(kubectl);

export const pluginsStep: Step = {
	title: "Pulumi plugins",
	name: "plugins",
	needs: [pulumiStep],
	find: locatePlugins,
	async get(work) {
		await getPlugins(work);
		return undefined;
	},
};
