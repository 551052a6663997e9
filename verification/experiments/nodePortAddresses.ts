/** kube-proxy's setting nodePortAddresses, as kubeadm keeps it: in a ConfigMap that every kube-proxy reads when it starts. */
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { told } from "../apiErrors.ts";
import type { Cluster } from "../cluster.ts";
import type { Lab } from "./experiment.ts";
import type { Sight } from "./sight.ts";

const kubeProxy = { namespace: "kube-system", name: "kube-proxy" };
const file = "config.conf";

/** Longest time for every kube-proxy to start again, in seconds. */
const restartSeconds = 120;

/** Serves nodePorts on these CIDRs alone, until the experiment is over. */
export async function bindNodePorts(lab: Lab, { cluster }: Sight, cidrs: string[]): Promise<void> {
	const { data = {} } = await told("ConfigMap kube-system/kube-proxy", cluster.core.readNamespacedConfigMap(kubeProxy));
	const before = data[file];
	if (before === undefined)
		throw new Error(`ConfigMap kube-system/kube-proxy has no ${file}: kubeadm did not make this cluster`);
	lab.afterwards(() => restartWith(cluster, before));
	await restartWith(cluster, stringify({ ...parse(before), nodePortAddresses: cidrs }));
}

async function restartWith(cluster: Cluster, text: string): Promise<void> {
	const { core } = cluster;
	const config = await core.readNamespacedConfigMap(kubeProxy);
	await core.replaceNamespacedConfigMap({ ...kubeProxy, body: { ...config, data: { ...config.data, [file]: text } } });
	const selection = { namespace: kubeProxy.namespace, labelSelector: "k8s-app=kube-proxy" };
	const old = (await core.listNamespacedPod(selection)).items.map(({ metadata }) => metadata?.uid);
	await core.deleteCollectionNamespacedPod(selection);
	for (let second = 0; second < restartSeconds; second++) {
		const pods = (await core.listNamespacedPod(selection)).items;
		const ready = pods.filter(
			({ metadata, status }) => !old.includes(metadata?.uid) && status?.containerStatuses?.every(({ ready }) => ready),
		);
		if (pods.length === old.length && ready.length === pods.length) return;
		await sleep(1000); // It also puts things back after the experiments were ended.
	}
	throw new Error(`kube-proxy has not started again within ${restartSeconds} s`);
}
