/** Additional Services of the lab's pods. */
import type { V1Service, V1ServiceSpec } from "@kubernetes/client-node";
import { withApiError } from "../../../kubernetes/apiErrors.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import { found } from "../../../kubernetes/namedObjects.ts";
import type { Lab } from "./experiment.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

/** Marks Services that a killed run left behind. */
export const label = "nodeport-lab/experiment";

/**
 * Creates another Service of the lab's pods; the end of the experiment removes it.
 * @param spec @default type NodePort
 * @param nodePort @default the API server chooses
 * @throws the API server's refusal
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
	const extra = {
		metadata: { name: `${name}-${suffix}`, labels: { [label]: suffix } },
		spec: {
			type: "NodePort",
			selector: own.spec?.selector ?? {},
			ports: [{ port, targetPort: ownPort?.targetPort ?? port, ...(nodePort !== undefined && { nodePort }) }],
			...spec,
		},
	};
	const created = await withApiError(
		`Service ${namespace}/${extra.metadata.name}`,
		cluster.core.createNamespacedService({ namespace, body: extra }),
	);
	lab.afterwards(() => removeExtraService(cluster, namespace, extra.metadata.name));
	return created;
}

/** Succeeds if it doesn't exist. */
export async function removeExtraService({ core }: Cluster, namespace: string, name: string): Promise<void> {
	await found(`Service ${namespace}/${name}`, core.deleteNamespacedService({ namespace, name }));
}

/** Removes the Services that a killed run left behind. */
export async function removeExtraServices(cluster: Cluster): Promise<void> {
	const left = await withApiError("Services", cluster.core.listServiceForAllNamespaces({ labelSelector: label }));
	for (const { metadata } of left.items)
		await removeExtraService(cluster, metadata?.namespace ?? "", metadata?.name ?? "");
}
