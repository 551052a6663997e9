/** npm start: brings the lab up, or into the state that its program declares, and shows it verified. */
import { wakeCluster } from "../cluster/access.ts";
import { command } from "../cluster/command.ts";
import { lookAt } from "../existing/look.ts";
import { Cluster } from "../verification/cluster.ts";
import { putBackLeftovers } from "../verification/experiments/leftovers.ts";
import { parseArguments } from "./arguments.ts";
import { type StackCluster, stackCluster } from "./cluster.ts";
import { removeUnrecorded, settleLocks } from "./interrupted.ts";
import { inTurn, lastReport, pulumi, selectStack, show, verifyAgain } from "./lab.ts";
import { refuseReplaced, refuseTaken } from "./ownNamespace.ts";
import { reviveClient, reviveDns } from "./revive.ts";
import { setting } from "./settings.ts";
import { pendingCreations } from "./state.ts";
import { lettingGo } from "./stuckPods.ts";
import { refuseTakenPort } from "./takenPort.ts";

await command(async () => {
	parseArguments("npm start", {});
	return inTurn(start);
});

async function start(): Promise<number> {
	const started = new Date().toISOString();
	await selectStack();
	await settleLocks();
	const cluster = await stackCluster();
	await prepare(cluster);
	// Apart from the update: a provider that was reachable for the refresh would not be told that the update replaces
	// its cluster, and would fail to delete what was in it.
	const code = (await refresh()) || (await update(cluster));
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

/** What is to be so before a refresh, where the cluster can be reached. */
async function prepare(cluster: StackCluster): Promise<void> {
	const { access, namespace } = cluster;
	if (cluster.kind === "existing") {
		const { id } = await lookAt(access, namespace);
		await refuseReplaced({ id, access });
		await refuseTaken(access, namespace);
	} else if (!(await wakeCluster(cluster.name, cluster.owner))) return;
	await removeUnrecorded(cluster);
	if (cluster.kind === "own") {
		await putBackLeftovers(new Cluster(access));
		await reviveDns(access);
	}
	// In a cluster of its own the lab may be moving from one namespace to another.
	await refuseTakenPort(access, await setting("nodePort"), cluster.kind === "existing" ? namespace : undefined);
	await reviveClient(access, namespace);
}

/** Only a cluster of the lab's own has all its nodes at work by now. */
function update({ kind, access, namespace }: StackCluster): Promise<number> {
	const up = () => pulumi("up", "--yes", "--skip-preview", "--suppress-outputs");
	return kind === "existing" ? lettingGo(access, namespace, up) : up();
}

async function refresh(): Promise<number> {
	// On a terminal Pulumi asks what became of them, whatever it was told. They are dealt with: see removeUnrecorded.
	const pending = (await pendingCreations()).length > 0 ? ["--clear-pending-creates", "--non-interactive"] : [];
	return pulumi("refresh", "--yes", "--skip-preview", "--suppress-outputs", ...pending);
}
