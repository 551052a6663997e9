/** Changes kube-proxy's settings in kubeadm's ConfigMap, which kube-proxy reads when it starts. */
import type { V1ConfigMap } from "@kubernetes/client-node";
import { parse, stringify } from "yaml";
import { withApiError } from "../../../kubernetes/apiErrors.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import { isReady } from "../../../kubernetes/objects.ts";
import { poll } from "../../../lib/poll.ts";
import type { Lab } from "./experiment.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

const kubeProxy = { namespace: "kube-system", name: "kube-proxy" };
const what = "ConfigMap kube-system/kube-proxy";
const file = "config.conf";
/** The annotation with the original text; while it is there, any kube-proxy may run with the changed one. */
const before = "nodeport-lab/config-before";

/** The time limit for restarting every kube-proxy. */
const restartSeconds = 120;

/**
 * Restarts every kube-proxy with these settings instead of its original ones, until the end of the experiment. The other
 * settings are the original ones, also after an earlier call.
 */
export async function configureKubeProxy(
	lab: Lab,
	{ cluster }: LabSnapshot,
	settings: Record<string, unknown>,
): Promise<void> {
	const config = await read(cluster);
	const text = config?.metadata?.annotations?.[before] ?? config?.data?.[file];
	if (config === undefined || text === undefined)
		throw new Error(`${what} with ${file} not found: this cluster wasn't created by kubeadm`);
	lab.afterwards(() => restoreKubeProxy(cluster));
	await write(cluster, config, stringify({ ...parse(text), ...settings }), { [before]: text });
	await restart(cluster);
}

/** Restores the configuration if an experiment, or a killed run, changed it. */
export async function restoreKubeProxy(cluster: Cluster): Promise<void> {
	const config = await read(cluster);
	const { [before]: text, ...annotations } = config?.metadata?.annotations ?? {};
	if (config === undefined || text === undefined) return;
	const restored = await write(cluster, config, text);
	await restart(cluster);
	await write(cluster, { ...restored, metadata: { ...restored.metadata, annotations } }, text);
}

/** @returns undefined if the cluster has none */
async function read({ core }: Cluster): Promise<V1ConfigMap | undefined> {
	const { namespace, name } = kubeProxy;
	const list = core.listNamespacedConfigMap({ namespace, fieldSelector: `metadata.name=${name}` });
	return (await withApiError(what, list)).items[0];
}

/** @param added more annotations */
function write({ core }: Cluster, config: V1ConfigMap, text: string, added: Record<string, string> = {}) {
	const metadata = { ...config.metadata, annotations: { ...config.metadata?.annotations, ...added } };
	const body = { ...config, metadata, data: { ...config.data, [file]: text } };
	return withApiError(what, core.replaceNamespacedConfigMap({ ...kubeProxy, body }));
}

/** Replaces every kube-proxy pod: the new one reads the ConfigMap. */
async function restart(cluster: Cluster): Promise<void> {
	const pods = () => cluster.pods(kubeProxy.namespace, { "k8s-app": kubeProxy.name });
	const old = (await pods()).map(({ metadata }) => metadata?.uid);
	const selection = { namespace: kubeProxy.namespace, labelSelector: `k8s-app=${kubeProxy.name}` };
	await withApiError("Pods of kube-proxy", cluster.core.deleteCollectionNamespacedPod(selection));
	const isRestarted = async () => {
		const fresh = (await pods()).filter((pod) => isReady(pod) && !old.includes(pod.metadata?.uid));
		const hosts = fresh.map(({ spec }) => spec?.nodeName);
		const nodes = (await cluster.nodes()).filter(({ ready }) => ready);
		return nodes.length > 0 && nodes.every(({ name }) => hosts.includes(name));
	};
	const message = `kube-proxy hasn't restarted within ${restartSeconds} s; inspect: kubectl get pods -n kube-system`;
	// Without the experiments' abort signal: this also restores the configuration after an abort.
	if (!(await poll(isRestarted, { interval: 1000, seconds: restartSeconds }))) throw new Error(message);
}
