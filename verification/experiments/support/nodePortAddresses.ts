/** kube-proxy's setting nodePortAddresses, as kubeadm keeps it: in a ConfigMap that every kube-proxy reads when it starts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { V1ConfigMap } from "@kubernetes/client-node";
import { parse, stringify } from "yaml";
import { withApiError } from "../../../kubernetes/apiErrors.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import { isReady } from "../../../kubernetes/objects.ts";
import type { Lab } from "./experiment.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

const kubeProxy = { namespace: "kube-system", name: "kube-proxy" };
const what = "ConfigMap kube-system/kube-proxy";
const file = "config.conf";
/** The annotation with the text from before: as long as it is there, every kube-proxy may run with the changed one. */
const before = "nodeport-lab/config-before";

/** Longest time for every kube-proxy to start again, in seconds. */
const restartSeconds = 120;

/** Serves nodePorts on these CIDRs alone, until the experiment is over. */
export async function bindNodePorts(lab: Lab, { cluster }: LabSnapshot, cidrs: string[]): Promise<void> {
	const config = await read(cluster);
	const text = config?.data?.[file];
	if (config === undefined || text === undefined)
		throw new Error(`there is no ${what} with ${file}: kubeadm did not make this cluster`);
	lab.afterwards(() => unbindNodePorts(cluster));
	await write(cluster, config, stringify({ ...parse(text), nodePortAddresses: cidrs }), { [before]: text });
	await restart(cluster);
}

/** Puts the configuration back where it is changed, also by a run that was killed. */
export async function unbindNodePorts(cluster: Cluster): Promise<void> {
	const config = await read(cluster);
	const { [before]: text, ...annotations } = config?.metadata?.annotations ?? {};
	if (config === undefined || text === undefined) return;
	const restored = await write(cluster, config, text);
	await restart(cluster);
	await write(cluster, { ...restored, metadata: { ...restored.metadata, annotations } }, text);
}

/** @returns undefined where the cluster has none */
async function read({ core }: Cluster): Promise<V1ConfigMap | undefined> {
	const { namespace, name } = kubeProxy;
	const list = core.listNamespacedConfigMap({ namespace, fieldSelector: `metadata.name=${name}` });
	return (await withApiError(what, list)).items[0];
}

/** @param added annotations beside those that there are */
function write({ core }: Cluster, config: V1ConfigMap, text: string, added: Record<string, string> = {}) {
	const metadata = { ...config.metadata, annotations: { ...config.metadata?.annotations, ...added } };
	const body = { ...config, metadata, data: { ...config.data, [file]: text } };
	return withApiError(what, core.replaceNamespacedConfigMap({ ...kubeProxy, body }));
}

/** Replaces every kube-proxy by one that reads the ConfigMap anew. */
async function restart(cluster: Cluster): Promise<void> {
	const pods = () => cluster.pods(kubeProxy.namespace, { "k8s-app": kubeProxy.name });
	const old = (await pods()).map(({ metadata }) => metadata?.uid);
	const selection = { namespace: kubeProxy.namespace, labelSelector: `k8s-app=${kubeProxy.name}` };
	await withApiError("Pods of kube-proxy", cluster.core.deleteCollectionNamespacedPod(selection));
	for (let second = 0; second < restartSeconds; second++) {
		const fresh = (await pods()).filter((pod) => isReady(pod) && !old.includes(pod.metadata?.uid));
		const hosts = fresh.map(({ spec }) => spec?.nodeName);
		// One on every node that can have one.
		const nodes = (await cluster.nodes()).filter(({ ready }) => ready);
		if (nodes.length > 0 && nodes.every(({ name }) => hosts.includes(name))) return;
		await sleep(1000); // It also puts things back after the experiments were ended.
	}
	throw new Error(`kube-proxy has not started again within ${restartSeconds} s`);
}
