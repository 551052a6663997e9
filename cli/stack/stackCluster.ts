/** The cluster that the settings of the commands' stack name. */
import { labConfigOf } from "../../config/labConfig.ts";
import { kubeconfigPath } from "../../kind/kubeconfigFile.ts";
import { labCluster, ownerOf } from "../../kind/owner.ts";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { readSettings, refuseSecrets, type Settings, setting } from "./settings.ts";
import { stack, stackName } from "./stack.ts";
import { clusterKind, readState, type StackState } from "./stackState.ts";

/** The lab's own kind cluster, or an existing one, where the lab may change only its own namespace. */
export type StackCluster = { access: Access; namespace: string } & (
	| { kind: "own"; name: string; owner: string }
	| { kind: "existing" }
);

/**
 * @throws naming all settings that are secrets; all configuration errors, if the cluster is an existing one (else Pulumi
 * reports them); or the switch, if the stack is on a cluster of the other kind
 */
export async function stackCluster(settings: Settings, state: StackState): Promise<StackCluster> {
	const { plain, secrets } = settings;
	refuseSecrets(secrets);
	refuseSwitch(plain.cluster ?? "kind", clusterKind(state));
	if (plain.cluster === "existing") {
		const { kubeconfig = "", context, namespace } = labConfigOf(plain);
		return { kind: "existing", access: { kubeconfig, context }, namespace };
	}
	const name = setting(settings, "clusterName");
	const owner = await ownerOf(stack, labCluster);
	const access = { kubeconfig: kubeconfigPath(name) };
	return { kind: "own", name, owner, access, namespace: plain.namespace ?? "default" };
}

/** Each kind is removed by its own means: a kind cluster with the engine, an existing one without. */
export function refuseSwitch(wanted: string, is: "kind" | "existing" | undefined): void {
	if (is === undefined || is === wanted) return;
	const destroy = `pulumi config set cluster ${is} && npm run destroy && pulumi config set cluster ${wanted}`;
	const present = is === "kind" ? "a kind cluster" : "an existing cluster";
	throw new Error(
		`cluster: got "${wanted}", allowed: "${is}": the stack "${stackName}" still has ${present}; fix: ${destroy}`,
	);
}

/**
 * For what an existing cluster must not suffer.
 * @param why what the script does, and that it needs the lab's own cluster
 * @throws on an existing cluster. It goes by the configuration, not by the last report
 */
export async function requireOwnCluster(why: string, script: string): Promise<void> {
	const { kind } = await stackCluster(await readSettings(stack), await readState());
	if (kind !== "existing") return;
	const inOther = (words: string) => `PULUMI_STACK=kind npm ${words}`;
	throw new Error(`${why}; fix: create one in another stack: ${inOther("start")} && ${inOther(`run ${script}`)}`);
}
