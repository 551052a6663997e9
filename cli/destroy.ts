/** npm run destroy: removes the lab, and the cluster where it is the lab's own; the engine, its kind network, images and caches stay. */

import { removeOwned } from "../kind/kind.ts";
import { closeAccess } from "../kind/kubeconfigFile.ts";
import { labCluster, ownerOf } from "../kind/owner.ts";
import type { Access } from "../kubernetes/kubeAccess.ts";
import { command } from "../lib/command.ts";
import { locked } from "../lib/lock.ts";
import { parseArguments } from "./arguments.ts";
import { removeUnrecorded, settleLocks } from "./stack/interrupted.ts";
import { inTurn, pulumi, selectStack } from "./stack/lab.ts";
import { refuseReplaced } from "./stack/ownNamespace.ts";
import { readSettings, setting } from "./stack/settings.ts";
import { stack } from "./stack/stack.ts";
import { refuseSwitch } from "./stack/stackCluster.ts";
import { clusterInState, existingInState, madeNamespaces } from "./stack/state.ts";
import { lettingGo } from "./stack/stuckPods.ts";

await command(async () => {
	parseArguments("npm run destroy", {});
	return inTurn(destroy);
});

async function destroyInExisting(alone: boolean): Promise<number> {
	// Asked before: the state will not know it any more.
	const access = (await existingInState())?.access ?? (await configuredAccess());
	await refuseReplaced();
	const namespaces = (await madeNamespaces()).map(({ name }) => name);
	const remove = () => pulumi("destroy", "--yes", "--skip-preview");
	const code = await (access && namespaces.length > 0 ? lettingGo(access, namespaces, remove) : remove());
	if (code === 0 && access && alone) await removeUnrecorded({ kind: "existing", access });
	return code;
}

async function configuredAccess(): Promise<Access | undefined> {
	const { kubeconfig, context } = (await readSettings(stack)).plain;
	return kubeconfig && context ? { kubeconfig, context } : undefined;
}

async function destroy(): Promise<number> {
	await selectStack();
	const alone = await settleLocks();
	const kind = await setting("cluster");
	refuseSwitch(kind, await clusterInState());
	if (kind === "existing") return destroyInExisting(alone);
	const code = await pulumi("destroy", "--yes", "--skip-preview");
	if (code !== 0) return code;
	// An interrupted update may have left what the state does not know: a creation that outlives it goes on, at first without
	// any container that could be found.
	const cluster = await setting("clusterName");
	await locked(cluster, async () => {});
	await removeOwned(await ownerOf(stack, labCluster));
	await closeAccess(cluster);
	return 0;
}
