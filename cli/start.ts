/** npm start: brings the lab up, or into the state that its program declares, and shows it verified. */
import { isDeepStrictEqual } from "node:util";
import { wakeCluster } from "../kind/kubeconfigFile.ts";
import { inspectCluster } from "../kubernetes/existing/inspect.ts";
import { Cluster } from "../kubernetes/liveCluster.ts";
import { command } from "../lib/command.ts";
import { restoreLeftovers } from "../verification/experiments/support/leftovers.ts";
import { parseArguments } from "./arguments.ts";
import { removeUnrecorded, settleLocks } from "./stack/interrupted.ts";
import { inTurn, lastReport, pulumi, selectStack, show, verifyAgain } from "./stack/lab.ts";
import { refuseReplaced, refuseTaken } from "./stack/ownNamespace.ts";
import { reviveClient, reviveDns } from "./stack/revive.ts";
import { setting } from "./stack/settings.ts";
import { type StackCluster, stackCluster } from "./stack/stackCluster.ts";
import { existingInState, madeNamespaces, pendingCreations } from "./stack/state.ts";
import { lettingGo } from "./stack/stuckPods.ts";
import { refuseTakenPort } from "./stack/takenPort.ts";

await command(async () => {
	parseArguments("npm start", {});
	return inTurn(start);
});

async function start(): Promise<number> {
	const started = new Date().toISOString();
	await selectStack();
	const alone = await settleLocks();
	const cluster = await stackCluster();
	const code = await (cluster.kind === "own" ? bringUp(cluster, alone) : bringUpInExisting(cluster, alone));
	const report = await lastReport();
	const fresh = report !== undefined && report.checkedAt > started;
	if (fresh) await show(report);
	if (code !== 0) return code;
	// An update that changed nothing verified nothing; the lab is never called good from memory.
	if (fresh) return 0;
	const again = await verifyAgain();
	await show(again);
	return again.ok ? 0 : 1;
}

type Own = StackCluster & { kind: "own" };
type Existing = StackCluster & { kind: "existing" };

async function bringUp({ access, namespace, name, owner }: Own, alone: boolean): Promise<number> {
	if (await wakeCluster(name, owner)) {
		if (alone) await removeUnrecorded({ kind: "own", access });
		await restoreLeftovers(new Cluster(access));
		await reviveDns(access);
		// The lab may be moving from one namespace to another.
		await refuseTakenPort(access, await setting("nodePort"));
		await reviveClient(access, namespace);
	}
	return (await refresh()) || up();
}

/** First whatever must not be begun; from then on all that is in the namespaces is the lab's. */
async function bringUpInExisting({ access, namespace }: Existing, alone: boolean): Promise<number> {
	const { id } = await inspectCluster(access, namespace);
	await refuseReplaced({ id, access });
	await refuseTaken(access, namespace);
	await refuseTakenPort(access, await setting("nodePort"), namespace);
	const recorded = await existingInState();
	const isTheSame = recorded?.id === id;
	const isMoved = isTheSame && !isDeepStrictEqual(recorded.access, access);
	const before = isTheSame ? (await madeNamespaces()).map(({ name }) => name) : [];
	return lettingGo(access, [namespace, ...before], async () => {
		if (alone) await removeUnrecorded({ kind: "existing", access });
		await reviveClient(access, namespace);
		// A refresh goes the way that the state knows, which may be no more.
		return (!isMoved && (await refresh())) || up();
	});
}

/**
 * Apart from the refresh: a provider that was reachable for that would not be told that the update replaces its cluster,
 * and would fail to delete what was in it.
 */
function up(): Promise<number> {
	return pulumi("up", "--yes", "--skip-preview", "--suppress-outputs");
}

async function refresh(): Promise<number> {
	// On a terminal Pulumi asks what became of them, whatever it was told. They are dealt with: see removeUnrecorded.
	const pending = (await pendingCreations()).length > 0 ? ["--clear-pending-creates", "--non-interactive"] : [];
	return pulumi("refresh", "--yes", "--skip-preview", "--suppress-outputs", ...pending);
}
