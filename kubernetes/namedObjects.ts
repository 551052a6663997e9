/** One object by its name: reads it, or removes it and waits until it is gone. */
import {
	ApiException,
	type KubernetesObject,
	KubernetesObjectApi,
	type V1Namespace,
	type V1Pod,
} from "@kubernetes/client-node";
import { poll } from "../lib/poll.ts";
import { withApiError } from "./apiErrors.ts";
import type { Cluster } from "./liveCluster.ts";

/** @returns undefined if the cluster has no such Namespace */
export const findNamespace = ({ core }: Cluster, name: string): Promise<V1Namespace | undefined> =>
	found(`Namespace ${name}`, core.readNamespace({ name }));

/** @returns undefined if the namespace has no such Pod */
export const findPod = ({ core }: Cluster, namespace: string, name: string): Promise<V1Pod | undefined> =>
	found(`Pod ${namespace}/${name}`, core.readNamespacedPod({ namespace, name }));

/** Enough to find an object of any kind. */
export interface ObjectName {
	/** "v1", "apps/v1" */
	apiVersion: string;
	kind: string;
	metadata: { name: string; namespace?: string };
}

/**
 * Removes the object, with its dependents, and waits until it is gone. Succeeds if it doesn't exist.
 * @throws if it still exists after so many seconds
 */
export async function removeObject(cluster: Cluster, object: ObjectName, seconds = 60): Promise<void> {
	const api = KubernetesObjectApi.makeApiClient(cluster.config);
	const { kind, metadata } = object;
	const what = `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
	const remove = api.delete(object, undefined, undefined, undefined, undefined, "Background");
	if ((await found(what, remove)) === undefined) return;
	const isGone = async () => (await found(what, api.read<KubernetesObject>(object))) === undefined;
	if (!(await poll(isGone, { interval: 200, seconds })))
		throw new Error(`${what} still exists ${seconds} s after its removal`);
}

/** @returns undefined if the object doesn't exist */
export const found = <T>(what: string, answer: Promise<T>): Promise<T | undefined> =>
	withApiError(
		what,
		answer.catch((error: unknown) => {
			if (error instanceof ApiException && error.code === 404) return undefined;
			throw error;
		}),
	);
