/** The cluster that the commands' stack is in, as its settings name it. */

import { labConfigOf } from "../../config/labConfig.ts";
import { kubeconfigPath } from "../../kind/kubeconfigFile.ts";
import { labCluster, ownerOf } from "../../kind/owner.ts";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { readSettings, refuseSecrets, setting } from "./settings.ts";
import { stack, stackName } from "./stack.ts";
import { clusterInState } from "./state.ts";

/** One that the lab makes, or one that exists, of which nothing but the lab's own namespace is its to change. */
export type StackCluster = { access: Access; namespace: string } & (
	| { kind: "own"; name: string; owner: string }
	| { kind: "existing" }
);

/**
 * @throws naming all settings that are secrets; naming all faults of the configuration, where it is for a cluster that
 * exists; else they are Pulumi's to tell; and where the stack is on a cluster of the other kind
 */
export async function stackCluster(): Promise<StackCluster> {
	const { plain: settings, secrets } = await readSettings(stack);
	refuseSecrets(secrets);
	refuseSwitch(settings.cluster ?? "kind", await clusterInState());
	if (settings.cluster === "existing") {
		const config = labConfigOf(settings);
		const { kubeconfig = "", context, namespace } = config;
		return { kind: "existing", access: { kubeconfig, context }, namespace };
	}
	const name = await setting("clusterName");
	const owner = await ownerOf(stack, labCluster);
	return {
		kind: "own",
		name,
		owner,
		access: { kubeconfig: kubeconfigPath(name) },
		namespace: settings.namespace ?? "default",
	};
}

/** Each kind is removed by what knows it: the lab's own with the engine, another without. */
export function refuseSwitch(wanted: string, is: "kind" | "existing" | undefined): void {
	if (is === undefined || is === wanted) return;
	const destroy = `pulumi config set cluster ${is} && npm run destroy && pulumi config set cluster ${wanted}`;
	throw new Error(
		`cluster: got "${wanted}", allowed: "${is}", on which the stack "${stackName}" is until it is destroyed; fix: ${destroy}`,
	);
}
