/** npm run destroy: removes the lab, and the cluster where it is the lab's own; the engine, its kind network, images and caches stay. */
import { closeAccess } from "../cluster/access.ts";
import { command } from "../cluster/command.ts";
import { removeOwned } from "../cluster/kind.ts";
import { locked } from "../cluster/lock.ts";
import { labCluster, ownerOf } from "../cluster/owner.ts";
import { parseArguments } from "./arguments.ts";
import { refuseSwitch } from "./cluster.ts";
import { settleLocks } from "./interrupted.ts";
import { inTurn, pulumi, selectStack } from "./lab.ts";
import { setting } from "./settings.ts";
import { stack } from "./stack.ts";
import { clusterInState } from "./state.ts";

await command(async () => {
	parseArguments("npm run destroy", {});
	return inTurn(destroy);
});

async function destroy(): Promise<number> {
	await selectStack();
	await settleLocks();
	const kind = await setting("cluster");
	refuseSwitch(kind, await clusterInState());
	const code = await pulumi("destroy", "--yes", "--skip-preview");
	if (code !== 0) return code;
	if (kind === "existing") return 0;
	// An interrupted update may have left what the state does not know: a creation that outlives it goes on, at first without
	// any container that could be found.
	const cluster = await setting("clusterName");
	await locked(cluster, async () => {});
	await removeOwned(await ownerOf(stack, labCluster));
	await closeAccess(cluster);
	return 0;
}
