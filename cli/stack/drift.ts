/** Whether objects of the cluster differ from what the state records of them: only then does the stack need a refresh. */
import { isDeepStrictEqual } from "node:util";
import { type KubernetesObject, KubernetesObjectApi } from "@kubernetes/client-node";
import { z } from "zod";
import { type Access, loadAccess } from "../../kubernetes/kubeAccess.ts";
import type { StackState } from "./stackState.ts";

type Resource = StackState["resources"][number];

const Metadata = z.object({
	name: z.string(),
	namespace: z.string().optional(),
	uid: z.string(),
	labels: z.unknown().optional(),
	annotations: z.unknown().optional(),
});
const Recorded = z.object({
	apiVersion: z.string(),
	kind: z.string(),
	metadata: Metadata,
	spec: z.unknown().optional(),
});

/** @returns true also if the last update left anything unfinished, or the objects can't be read */
export async function hasDrifted(access: Access, { resources, pending_operations }: StackState): Promise<boolean> {
	const isUnfinished = (resource: Resource) => resource.delete || Boolean(resource.initErrors?.length);
	if (pending_operations.length > 0 || resources.some(isUnfinished)) return true;
	// The program itself reads what is external, at each update.
	const objects = resources.filter(({ type, external }) => type.startsWith("kubernetes:") && !external);
	try {
		const api = KubernetesObjectApi.makeApiClient(loadAccess(access));
		return (await Promise.all(objects.map((object) => differs(api, object)))).includes(true);
	} catch {
		return true;
	}
}

async function differs(api: KubernetesObjectApi, { outputs }: Resource): Promise<boolean> {
	const recorded = Recorded.parse(outputs);
	const { apiVersion, kind, metadata } = recorded;
	const { name, namespace } = metadata;
	const live = await api.read<KubernetesObject>({
		apiVersion,
		kind,
		metadata: { name, ...(namespace !== undefined && { namespace }) },
	});
	return !isDeepStrictEqual(declared(live), declared(recorded));
}

/** What somebody may have changed, as plain JSON. */
function declared(object: { metadata?: object; spec?: unknown }): unknown {
	const { uid, labels = {}, annotations = {} } = (object.metadata ?? {}) as z.infer<typeof Metadata>;
	return JSON.parse(JSON.stringify({ uid, labels, annotations, spec: object.spec ?? {} }));
}
