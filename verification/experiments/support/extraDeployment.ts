/** Additional Deployments of the echo. */
import type { V1Container, V1Deployment, V1DeploymentSpec, V1Pod, V1PodSpec } from "@kubernetes/client-node";
import { withApiError } from "../../../kubernetes/apiErrors.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import { poll } from "../../../lib/poll.ts";
import type { Lab } from "./experiment.ts";
import { label } from "./extraService.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

/** How long the pods of removed Deployments may take to end, in seconds. */
const removalSeconds = 120;

export interface ExtraDeployment {
	/** Added to the name of the lab's Deployment. */
	suffix: string;
	/** More labels of the pods. The Deployment selects them by its own. */
	labels?: Record<string, string>;
	/** The node of all pods: one that has the echo's image. */
	node: string;
	replicas: number;
	strategy?: V1DeploymentSpec["strategy"];
	/** What differs from the lab's pods. */
	pod?: Partial<V1PodSpec>;
	/** What differs from their container. */
	container?: Partial<V1Container>;
}

/**
 * Creates another Deployment of the lab's pods, which the lab's Service doesn't select; the end of the experiment removes it.
 * @returns as it was created
 */
export async function extraDeployment(
	lab: Lab,
	snapshot: LabSnapshot,
	{ suffix, labels, node, replicas, strategy, pod, container }: ExtraDeployment,
): Promise<V1Deployment> {
	const { cluster } = snapshot;
	const { metadata, spec } = await labDeployment(snapshot);
	const namespace = metadata?.namespace ?? "";
	const name = `${metadata?.name}-${suffix}`;
	const own = { app: name };
	const marked = { ...own, [label]: suffix, ...labels };
	const { topologySpreadConstraints, ...echo } = spec?.template.spec ?? { containers: [] };
	const body: V1Deployment = {
		metadata: { name, labels: marked },
		spec: {
			replicas,
			selector: { matchLabels: own },
			...(strategy && { strategy }),
			template: {
				metadata: { labels: marked },
				spec: {
					...echo,
					nodeSelector: { "kubernetes.io/hostname": node },
					affinity: {},
					...pod,
					containers: echo.containers.map((one) => ({ ...one, ...container })),
				},
			},
		},
	};
	lab.afterwards(() => removeExtraDeployments(cluster));
	return withApiError(`Deployment ${namespace}/${name}`, cluster.apps.createNamespacedDeployment({ namespace, body }));
}

/** Changes these fields of a Deployment's spec, also if the Deployment has changed since it was read. */
export async function changeDeployment(
	{ apps }: Cluster,
	{ spec, metadata: { resourceVersion, ...metadata } = {}, ...deployment }: V1Deployment,
	changed: Partial<V1DeploymentSpec>,
): Promise<void> {
	const { namespace = "", name = "" } = metadata;
	if (!spec) throw new Error(`Deployment ${namespace}/${name} has no spec`);
	const body = { ...deployment, metadata, spec: { ...spec, ...changed } };
	await withApiError(`Deployment ${namespace}/${name}`, apps.replaceNamespacedDeployment({ namespace, name, body }));
}

/** The Deployment whose pods the lab's Service selects. */
async function labDeployment({ cluster, objects }: LabSnapshot): Promise<V1Deployment> {
	const { namespace, name } = objects.service;
	const [service, deployments] = await Promise.all([
		withApiError(`Service ${namespace}/${name}`, cluster.core.readNamespacedService({ namespace, name })),
		withApiError(`Deployments in ${namespace}`, cluster.apps.listNamespacedDeployment({ namespace })),
	]);
	const selected = Object.entries(service.spec?.selector ?? {});
	const found = deployments.items.find(({ spec }) => {
		const labels = spec?.template.metadata?.labels ?? {};
		return selected.length > 0 && selected.every(([key, value]) => labels[key] === value);
	});
	if (!found) throw new Error(`no Deployment has the pods of Service ${namespace}/${name}; fix: npm start`);
	return found;
}

/** Removes all additional Deployments, also those that a killed run left behind, and waits until their pods are gone. */
export async function removeExtraDeployments({ apps, core }: Cluster): Promise<void> {
	const all = { labelSelector: label };
	const deployments = await withApiError("Deployments", apps.listDeploymentForAllNamespaces(all));
	for (const namespace of namespacesOf(deployments.items)) {
		const deletion = apps.deleteCollectionNamespacedDeployment({ namespace, ...all, propagationPolicy: "Foreground" });
		await withApiError(`Deployments in ${namespace}`, deletion);
	}
	const areGone = async () => {
		const pods = await withApiError("Pods", core.listPodForAllNamespaces(all));
		for (const namespace of namespacesOf(pods.items)) {
			// Those that don't terminate yet needn't serve on.
			const deletion = core.deleteCollectionNamespacedPod({ namespace, ...all, gracePeriodSeconds: 1 });
			await withApiError(`Pods in ${namespace}`, deletion);
		}
		return pods.items.length === 0;
	};
	if (await poll(areGone, { interval: 1000, seconds: removalSeconds })) return;
	throw new Error(`pods of experiments still run after ${removalSeconds} s; fix: kubectl delete pods -A -l ${label}`);
}

const namespacesOf = (objects: readonly (V1Deployment | V1Pod)[]): Set<string> =>
	new Set(objects.map(({ metadata }) => metadata?.namespace ?? ""));
