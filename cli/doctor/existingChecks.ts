import type { ExistingConfig } from "../../config/labConfig.ts";
import { usualSettings } from "../../config/projectDefaults.ts";
import { inspectCluster } from "../../kubernetes/existing/inspect.ts";
import { sampleText } from "../../kubernetes/existing/nodeSample.ts";
import { placeOn } from "../../kubernetes/existing/placement.ts";
import type { Check, Finding } from "./finding.ts";
import { judgeNodePort } from "./network/ports.ts";

/** The checks for a lab on an existing cluster. */
export const existingChecks = (config: ExistingConfig): Check[] => [
	{ subject: "cluster", run: async () => [await checkExisting(config)] },
	{ subject: "images", run: async () => [judgeImages(config)] },
	{ subject: "nodePort", run: async () => [judgeNodePort(config.nodePort)] },
];

function judgeImages(config: ExistingConfig): Finding {
	const [subject, usual] = ["images", usualSettings()];
	const settings = (["echoImage", "dnsutilsImage"] as const).filter((setting) => config[setting] === usual[setting]);
	if (settings.length === 0) return { subject, level: "ok", found: "the configuration names images for the nodes" };
	const named = settings.map((setting) => `${setting} is ${config[setting]}`).join(", ");
	const hint = settings.includes("dnsutilsImage") && config.connectivity === "base" ? `; ${publicHint}` : "";
	const reference = (setting: string) => (setting === "dnsutilsImage" && hint !== "" ? publicImage : "<reference>");
	const fix = settings.map((setting) => `pulumi config set ${setting} ${reference(setting)}`).join(" && ");
	return {
		subject,
		level: "warning",
		found: `${named}, which isn't in a registry: each node must already have it${hint}`,
		fix,
	};
}

/** https://github.com/kubernetes/kubernetes/tree/master/test/images/agnhost. No public image answers as the echo does. */
const publicImage = "registry.k8s.io/e2e-test-images/agnhost:2.53";
const publicHint = `${publicImage} can be the dnsutilsImage, but lacks iptables, nft and conntrack for NodeProbe`;

/** The lab fits on the cluster: it can be reached, the user has the rights, and its nodes fit the configuration. */
async function checkExisting(config: ExistingConfig): Promise<Finding> {
	const subject = "cluster";
	try {
		const cluster = await inspectCluster(config, config.namespace);
		const { nodes, sample, lacksProxy, clientNode } = placeOn(config, cluster);
		const checked = sample ? sampleText(sample) : `${nodes.length} nodes`;
		const rules = lacksProxy ? "by NodeProbe, because some nodes don't run a kube-proxy pod" : "in the kube-proxy pods";
		const found = `"${cluster.name}" can be reached: ${checked}; rules are read ${rules}; the client runs on ${clientNode}`;
		return { subject, level: "ok", found };
	} catch (error) {
		return { subject, level: "stop", found: (error as Error).message };
	}
}
