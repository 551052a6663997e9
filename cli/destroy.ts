/** npm run destroy: removes the lab and its own cluster; the engine, its kind network, images and caches stay. */
import { removeOwned } from "../kind/kind.ts";
import { removeKubeconfig } from "../kind/kubeconfigFile.ts";
import { labCluster, ownerOf } from "../kind/owner.ts";
import type { Access } from "../kubernetes/kubeAccess.ts";
import { locked } from "../lib/lock.ts";
import { command } from "../lib/programs/command.ts";
import { parseArguments } from "./arguments.ts";
import { removeUnrecorded, settleLocks } from "./stack/interrupted.ts";
import { namespaceOwners, refuseReplaced } from "./stack/ownNamespace.ts";
import { readSettings, type Settings, setting } from "./stack/settings.ts";
import { stack, stackName } from "./stack/stack.ts";
import { refuseSwitch } from "./stack/stackCluster.ts";
import { exclusively } from "./stack/stackReport.ts";
import { clusterKind, ensureStack, readState, recordedCluster, type StackState } from "./stack/stackState.ts";
import { removeLeftovers } from "./update/staleFiles.ts";
import { removeResources } from "./update/update.ts";

await command(async () => {
	parseArguments("npm run destroy", {});
	await removeLeftovers();
	return exclusively(destroy);
});

async function destroy(): Promise<number> {
	await ensureStack();
	const alone = await settleLocks();
	const [settings, state] = [await readSettings(stack), await readState()];
	const kind = setting(settings, "cluster");
	refuseSwitch(kind, clusterKind(state));
	const code = await (kind === "existing" ? destroyInExisting(settings, state, alone) : destroyOwn(settings));
	if (code === 0) console.log(`Destroyed. The stack ${stackName} and its settings stay; again: npm start`);
	return code;
}

async function destroyInExisting(settings: Settings, state: StackState, alone: boolean): Promise<number> {
	const access = recordedCluster(state)?.access ?? configuredAccess(settings);
	await refuseReplaced(state);
	const code = await removeResources(access);
	if (code === 0 && access && alone) await removeUnrecorded(access, state, namespaceOwners(access, state));
	return code;
}

function configuredAccess({ plain: { kubeconfig, context } }: Settings): Access | undefined {
	return kubeconfig && context ? { kubeconfig, context } : undefined;
}

async function destroyOwn(settings: Settings): Promise<number> {
	const code = await removeResources();
	if (code !== 0) return code;
	// The creation of a cluster that a killed update began may still run, at first without any container.
	const cluster = setting(settings, "clusterName");
	await locked(cluster, async () => {});
	await removeOwned(await ownerOf(stack, labCluster));
	await removeKubeconfig(cluster);
	return 0;
}
