import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { UserError } from "nodeport-lab/contract";

/** The echo's answer. */
export interface Answer {
	message: string;
	/** The client address as the echo's pod saw it. */
	clientIp: string;
}

/**
 * What each container of a complete Job printed, by container name. Empty if its pod is gone, as after its node was
 * removed.
 */
export async function answersOf(
	kubeconfig: string,
	job: { namespace: string; name: string },
): Promise<Record<string, Answer>> {
	try {
		return await read(kubeconfig, job);
	} catch (error) {
		throw new UserError(
			`the logs of Job ${job.namespace}/${job.name} can't be read: ${(error as Error).message}; ` +
				"fix: npm start, in the lab's folder",
		);
	}
}

async function read(
	kubeconfig: string,
	{ namespace, name }: { namespace: string; name: string },
): Promise<Record<string, Answer>> {
	const config = new KubeConfig();
	config.loadFromString(kubeconfig);
	const api = config.makeApiClient(CoreV1Api);
	const { items } = await api.listNamespacedPod({ namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` });
	const done = items.find(({ status }) => status?.phase === "Succeeded");
	const pod = done?.metadata?.name;
	if (done?.spec === undefined || pod === undefined) return {};
	const answers = done.spec.containers.map(async ({ name: container }) => {
		const log = await api.readNamespacedPodLog({ namespace, name: pod, container });
		const { message, clientIp } = JSON.parse(log) as Answer;
		return [container, { message, clientIp }] as const;
	});
	return Object.fromEntries(await Promise.all(answers));
}
