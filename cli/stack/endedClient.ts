import type { Cluster } from "../../kubernetes/liveCluster.ts";
import { findPod, removeObject } from "../../kubernetes/namedObjects.ts";

/** The lab's only Pod without a controller. */
const name = "dnsutils";

/** Deletes the client pod if it has ended, as after an eviction: Pulumi would keep it, and no controller replaces it. */
export async function removeEndedClient(cluster: Cluster, namespace: string): Promise<void> {
	const phase = (await findPod(cluster, namespace, name))?.status?.phase ?? "";
	if (!["Failed", "Succeeded"].includes(phase)) return;
	console.error(`pod/${name} in ${namespace} has ended (${phase}): deleting it; the update recreates it`);
	await removeObject(cluster, { apiVersion: "v1", kind: "Pod", metadata: { name, namespace } });
}
