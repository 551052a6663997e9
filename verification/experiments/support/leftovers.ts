/** What a killed run of the experiments left in the cluster. The stack's settings are restored by the next update. */
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import { removeGeneratedServices } from "../manyServices/generatedServices.ts";
import { removeExtraDeployments } from "./extraDeployment.ts";
import { removeExtraServices } from "./extraService.ts";
import { restoreKubeProxy } from "./kubeProxyConfig.ts";

export async function restoreLeftovers(cluster: Cluster): Promise<void> {
	await Promise.all([
		removeExtraServices(cluster),
		removeExtraDeployments(cluster),
		removeGeneratedServices(cluster),
		restoreKubeProxy(cluster),
	]);
}
