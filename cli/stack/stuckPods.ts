/**
 * Pods that are to end on nodes that are not Ready: only a node's kubelet says that a pod has ended, so whatever waits for
 * that waits until the node is back.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CoreV1Api, V1Pod } from "@kubernetes/client-node";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import { isReady } from "../../kubernetes/objects.ts";

/** Between two looks, in ms; a kubelet that works has ended a pod of the lab's in less after its time. */
const interval = 5000;

/**
 * Does the work, which ends pods; those that cannot end are removed by force meanwhile, and each is told.
 * @param namespaces all of whose pods are the lab's
 */
export async function lettingGo<T>(access: Access, namespaces: string[], work: () => Promise<T>): Promise<T> {
	const ended = new AbortController();
	// Nobody waits for its last look: an API server that does not answer would hold up what has ended.
	void untilEnded(new Cluster(access).core, new Set(namespaces), ended.signal);
	try {
		return await work();
	} finally {
		ended.abort();
	}
}

async function untilEnded(core: CoreV1Api, namespaces: Set<string>, signal: AbortSignal): Promise<void> {
	while (!signal.aborted) {
		// What keeps this from being asked keeps the work from being done, which tells of it.
		for (const namespace of namespaces) await letGo(core, namespace).catch(() => {});
		await sleep(interval, undefined, { signal }).catch(() => {});
	}
}

async function letGo(core: CoreV1Api, namespace: string): Promise<void> {
	const { items } = await core.listNamespacedPod({ namespace });
	for (const { metadata, spec } of items.filter(isOverdue)) {
		const [name = "", node = ""] = [metadata?.name, spec?.nodeName];
		if (isReady(await core.readNode({ name: node }))) continue;
		console.error(`removing pod ${namespace}/${name} by force: it is on ${node}, which is not Ready and cannot end it`);
		// By its uid: the work may have made another of that name meanwhile.
		const uid = metadata?.uid ?? "";
		// All in the body: beside one the API server reads no options of the query.
		await core.deleteNamespacedPod({ namespace, name, body: { gracePeriodSeconds: 0, preconditions: { uid } } });
	}
}

/** The time by which it should have ended is over. */
const isOverdue = ({ metadata, spec }: V1Pod): boolean =>
	spec?.nodeName !== undefined &&
	metadata?.deletionTimestamp !== undefined &&
	metadata.deletionTimestamp.getTime() + interval < Date.now();
