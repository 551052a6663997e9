/** Services that experiments put beside the lab's own. */
import type { V1Service, V1ServiceSpec } from "@kubernetes/client-node";
import { withApiError } from "../../../kubernetes/apiErrors.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { Lab } from "./experiment.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

/** By which whatever a killed run left is found. */
const label = "nodeport-lab/experiment";

/**
 * A Service of the lab's pods beside its own, of type NodePort unless the spec says otherwise; removed when the experiment
 * is over.
 * @param nodePort absent: the API server chooses
 * @throws what the API server refuses, in its words
 */
export async function extraService(
	lab: Lab,
	{ cluster, objects }: LabSnapshot,
	suffix: string,
	{ nodePort, ...spec }: V1ServiceSpec & { nodePort?: number },
): Promise<V1Service> {
	const { namespace, name, port } = objects.service;
	const own = await withApiError(
		`Service ${namespace}/${name}`,
		cluster.core.readNamespacedService({ namespace, name }),
	);
	const [ownPort] = own.spec?.ports ?? [];
	const beside = {
		metadata: { name: `${name}-${suffix}`, labels: { [label]: suffix } },
		spec: {
			type: "NodePort",
			selector: own.spec?.selector ?? {},
			ports: [{ port, targetPort: ownPort?.targetPort ?? port, ...(nodePort !== undefined && { nodePort }) }],
			...spec,
		},
	};
	const created = await withApiError(
		`Service ${namespace}/${beside.metadata.name}`,
		cluster.core.createNamespacedService({ namespace, body: beside }),
	);
	lab.afterwards(() => remove(cluster, namespace, beside.metadata.name));
	return created;
}

const remove = (cluster: Cluster, namespace: string, name: string) =>
	withApiError(`Service ${namespace}/${name}`, cluster.core.deleteNamespacedService({ namespace, name }));

/** Removes those that a killed run left. */
export async function removeExtraServices(cluster: Cluster): Promise<void> {
	const left = await withApiError("Services", cluster.core.listServiceForAllNamespaces({ labelSelector: label }));
	for (const { metadata } of left.items) await remove(cluster, metadata?.namespace ?? "", metadata?.name ?? "");
}
