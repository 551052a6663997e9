import { ApiException } from "@kubernetes/client-node";
import { withApiError } from "../../kubernetes/apiErrors.ts";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import { removeObject } from "./removeObject.ts";

/** The lab's only Pod without a controller. */
const name = "dnsutils";

/** Deletes the client pod if it has ended, as after an eviction: Pulumi would keep it, and no controller replaces it. */
export async function removeEndedClient(access: Access, namespace: string): Promise<void> {
	const read = new Cluster(access).core.readNamespacedPod({ namespace, name });
	const pod = await withApiError(
		`Pod ${namespace}/${name}`,
		read.catch((error: unknown) => {
			if (error instanceof ApiException && error.code === 404) return undefined;
			throw error;
		}),
	);
	const phase = pod?.status?.phase ?? "";
	if (!["Failed", "Succeeded"].includes(phase)) return;
	console.error(`pod/${name} in ${namespace} has ended (${phase}): deleting it, the update creates it again`);
	await removeObject(access, { apiVersion: "v1", kind: "Pod", metadata: { name, namespace } });
}
