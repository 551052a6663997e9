import type { ExistingConfig } from "../../config/labConfig.ts";
import { usualSettings } from "../../config/projectDefaults.ts";
import { inspectCluster } from "../../kubernetes/existing/inspect.ts";
import { sampleText } from "../../kubernetes/existing/nodeSample.ts";
import { placeOn } from "../../kubernetes/existing/placement.ts";
import type { Check, Finding } from "./finding.ts";
import { judgeNodePort } from "./ports.ts";

export const existingChecks = (config: ExistingConfig): Check[] => [
	{ subject: "cluster", look: async () => [await lookAtExisting(config)] },
	{ subject: "images", look: async () => [judgeImages(config)] },
	{ subject: "nodePort", look: async () => [judgeNodePort(config.nodePort)] },
];

function judgeImages(config: ExistingConfig): Finding {
	const [subject, usual] = ["images", usualSettings()];
	const settings = (["echoImage", "dnsutilsImage"] as const).filter((setting) => config[setting] === usual[setting]);
	if (settings.length === 0) return { subject, level: "ok", found: "the configuration says where the nodes get them" };
	const named = settings.map((setting) => `${setting} is ${config[setting]}`).join(", ");
	const fix = settings.map((setting) => `pulumi config set ${setting} <reference>`).join(" && ");
	return { subject, level: "warning", found: `${named}, which no registry has: each node must have it already`, fix };
}

/** Whether the lab can be put on the cluster: it is reached, the user may do what the lab does, and it has such nodes. */
async function lookAtExisting(config: ExistingConfig): Promise<Finding> {
	const subject = "cluster";
	try {
		const landscape = await inspectCluster(config, config.namespace);
		const { nodes, sample, lacksProxy, clientNode } = placeOn(config, landscape);
		const looked = sample ? sampleText(sample) : `${nodes.length} nodes`;
		const rules = lacksProxy ? "through NodeProbe, as not every node runs a kube-proxy pod" : "in the kube-proxy pods";
		const found = `"${landscape.name}" can be reached: ${looked}, rules are read ${rules}, the client runs on ${clientNode}`;
		return { subject, level: "ok", found };
	} catch (error) {
		return { subject, level: "stop", found: (error as Error).message };
	}
}
