/** npm run destroy: removes the lab and its own cluster; the engine, its kind network, images and caches stay. */
import { existingNamespace } from "../config/existingConfig.ts";
import { findNodes } from "../kind/docker.ts";
import { removeOwned } from "../kind/kind.ts";
import { removeKubeconfig } from "../kind/kubeconfigFile.ts";
import { labCluster, ownerOf } from "../kind/owner.ts";
import type { Access } from "../kubernetes/kubeAccess.ts";
import { locked } from "../lib/lock.ts";
import { command } from "../lib/programs/command.ts";
import { type Destroyed, destroyedText } from "../report/answer/destroyedText.ts";
import { parseArguments, verbosity, verbosityHelp } from "./arguments.ts";
import { screenOf } from "./display/screenOf.ts";
import { type Status, showWork } from "./display/showWork.ts";
import { removeUnrecorded, settleLocks } from "./stack/interrupted.ts";
import { namespaceOwners, refuseReplaced } from "./stack/ownNamespace.ts";
import { readSettings, type Settings, setting, settingsFile } from "./stack/settings.ts";
import { stack, stackName } from "./stack/stack.ts";
import { refuseSwitch } from "./stack/stackCluster.ts";
import { exclusively } from "./stack/stackReport.ts";
import { clusterKind, ensureStack, readState, recordedCluster, type StackState } from "./stack/stackState.ts";
import { removeLeftovers } from "./update/staleFiles.ts";
import { removeResources } from "./update/update.ts";

await command(async () => {
	const { values } = parseArguments("npm run destroy [-- --verbose]", { options: verbosity }, [verbosityHelp]);
	await removeLeftovers();
	return exclusively(async () => {
		const { code, destroyed } = await showWork(`destroying the lab (stack ${stackName})`, values, (status) =>
			destroy(values.verbose ? undefined : status),
		);
		if (destroyed) console.log(destroyedText(destroyed, screenOf(values)));
		return code;
	});
});

/** @param status undefined: Pulumi prints */
async function destroy(status: Status | undefined): Promise<{ code: number; destroyed?: Destroyed }> {
	await ensureStack();
	const alone = await settleLocks();
	const [settings, state] = [await readSettings(stack), await readState()];
	const kind = setting(settings, "cluster");
	refuseSwitch(kind, clusterKind(state));
	const options = status ? { status } : {};
	const isOwn = kind !== "existing";
	const code = await (isOwn
		? destroyOwn(settings, options)
		: destroyInExisting(settings, state, { alone, ...options }));
	if (code !== 0) return { code };
	const name = isOwn ? setting(settings, "clusterName") : (settings.plain.namespace ?? existingNamespace);
	const foreign = isOwn && (await findNodes(name)).length > 0 ? { foreignCluster: name } : {};
	const removed = { kind: isOwn ? "cluster" : "namespace", name } as const;
	return { code, destroyed: { removed, ...foreign, stack: stackName, settings: settingsFile(stack) } };
}

async function destroyInExisting(
	settings: Settings,
	state: StackState,
	{ alone, ...options }: { alone: boolean; status?: Status },
): Promise<number> {
	const access = recordedCluster(state)?.access ?? configuredAccess(settings);
	await refuseReplaced(state);
	const code = await removeResources({ ...(access && { access }), ...options });
	if (code === 0 && access && alone) await removeUnrecorded(access, state, namespaceOwners(access, state));
	return code;
}

function configuredAccess({ plain: { kubeconfig, context } }: Settings): Access | undefined {
	return kubeconfig && context ? { kubeconfig, context } : undefined;
}

async function destroyOwn(settings: Settings, options: { status?: Status }): Promise<number> {
	const code = await removeResources(options);
	if (code !== 0) return code;
	// The creation of a cluster that a killed update began may still run, at first without any container.
	const cluster = setting(settings, "clusterName");
	await locked(cluster, async () => {});
	await removeOwned(await ownerOf(stack, labCluster));
	await removeKubeconfig(cluster);
	return 0;
}
