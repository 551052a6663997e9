/** What a run of the experiments that was killed left in the cluster. The settings of the stack are an update's to put back. */
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import { unbindNodePorts } from "./nodePortAddresses.ts";
import { removeExtraServices } from "./services.ts";

/** Puts it back as it was; quick where nothing was left. */
export async function restoreLeftovers(cluster: Cluster): Promise<void> {
	await Promise.all([removeExtraServices(cluster), unbindNodePorts(cluster)]);
}
