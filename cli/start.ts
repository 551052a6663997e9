/** npm start: brings the lab up, or back to the state that the program declares, and shows it verified. */
import { isDeepStrictEqual } from "node:util";
import { startCluster } from "../kind/connection.ts";
import { inspectCluster } from "../kubernetes/existing/inspect.ts";
import type { Access } from "../kubernetes/kubeAccess.ts";
import { Cluster } from "../kubernetes/liveCluster.ts";
import { command } from "../lib/programs/command.ts";
import { restoreLeftovers } from "../verification/experiments/support/leftovers.ts";
import type { Report } from "../verification/report.ts";
import { parseArguments, verbosity, verbosityHelp } from "./arguments.ts";
import { type Status, showWork } from "./display/showWork.ts";
import { repairLessonFault } from "./lesson/repairLab.ts";
import { hasDrifted } from "./stack/drift.ts";
import { removeEndedClient } from "./stack/endedClient.ts";
import { removeUnrecorded, settleLocks } from "./stack/interrupted.ts";
import { namespaceOwners, refuseReplaced, refuseTaken } from "./stack/ownNamespace.ts";
import { readSettings, type Settings, setting } from "./stack/settings.ts";
import { stack, stackName } from "./stack/stack.ts";
import { type StackCluster, stackCluster } from "./stack/stackCluster.ts";
import { exclusively, lastReport, show, verifyAgain } from "./stack/stackReport.ts";
import { ensureStack, pendingCreations, readState, recordedCluster, type StackState } from "./stack/stackState.ts";
import { refuseTakenPort } from "./stack/takenPort.ts";
import { removeLeftovers } from "./update/staleFiles.ts";
import { pulumi, type UpdateOptions } from "./update/update.ts";

await command(async () => {
	const { values } = parseArguments("npm start [-- --verbose]", { options: verbosity }, [verbosityHelp]);
	await removeLeftovers();
	return exclusively(async () => {
		const { code, report } = await showWork(`bringing up the lab (stack ${stackName})`, values, (status) =>
			start(status, values),
		);
		if (report) await show(report, values);
		return code;
	});
});

interface Known {
	settings: Settings;
	state: StackState;
	/** No other update runs. */
	alone: boolean;
	/** How Pulumi runs. */
	update: UpdateOptions & { access: Access };
}

interface Started {
	code: number;
	/** Of the verification, if it has ended. */
	report?: Report;
}

async function start(status: Status, { verbose }: { verbose: boolean }): Promise<Started> {
	const started = new Date().toISOString();
	await ensureStack();
	const alone = await settleLocks();
	const [settings, state] = [await readSettings(stack), await readState()];
	const cluster = await stackCluster(settings, state);
	const { access } = cluster;
	const known = { alone, settings, state, update: { access, ...(!verbose && { status }) } };
	const code = await (cluster.kind === "own" ? bringUp(cluster, known) : bringUpInExisting(cluster, known));
	const report = await lastReport();
	if (report !== undefined && report.checkedAt > started) return { code, report };
	if (code !== 0) return { code };
	// A no-op update verifies nothing, so an old result would be shown.
	const again = await verifyAgain(status);
	return { code: again.ok ? 0 : 1, report: again };
}

type Own = StackCluster & { kind: "own" };
type Existing = StackCluster & { kind: "existing" };

async function bringUp({ access, namespace, name, owner }: Own, known: Known): Promise<number> {
	const { alone, settings, state } = known;
	if (await startCluster(name, owner)) {
		if (alone) await removeUnrecorded(access, state);
		const cluster = new Cluster(access);
		await restoreLeftovers(cluster);
		await repairLessonFault(access);
		// In any namespace: the lab may be moving from one to another.
		await refuseTakenPort(access, setting(settings, "nodePort"));
		await removeEndedClient(cluster, namespace);
	}
	return (await refresh(known)) || up(known);
}

/** Everything that may refuse comes before the first change. */
async function bringUpInExisting({ access, namespace }: Existing, known: Known): Promise<number> {
	const { alone, settings, state } = known;
	const { id } = await inspectCluster(access, namespace);
	const owners = namespaceOwners(access, state);
	await refuseReplaced(state, { id, owners });
	await refuseTaken(access, namespace, owners);
	await refuseTakenPort(access, setting(settings, "nodePort"), namespace);
	if (alone) await removeUnrecorded(access, state, owners);
	await removeEndedClient(new Cluster(access), namespace);
	const recorded = recordedCluster(state);
	const hasMoved = recorded?.id === id && !isDeepStrictEqual(recorded.access, access);
	// A refresh uses the recorded kubeconfig, which may be gone.
	return (!hasMoved && (await refresh(known))) || up(known);
}

/**
 * Not together with the refresh: a provider that answered for the refresh wouldn't learn that the update replaces its
 * cluster, and would fail to delete what was in it.
 */
function up({ update }: Known): Promise<number> {
	return pulumi(["up", "--yes", "--skip-preview", "--suppress-outputs"], update);
}

async function refresh({ state, update }: Known): Promise<number> {
	if (!(await hasDrifted(update.access, state))) return 0;
	// On a terminal Pulumi asks about these notes. What they stand for has been removed: see removeUnrecorded.
	const pending = pendingCreations(state).length > 0 ? ["--clear-pending-creates", "--non-interactive"] : [];
	return pulumi(["refresh", "--yes", "--skip-preview", "--suppress-outputs", ...pending], update);
}
