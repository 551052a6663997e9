import { ApiException } from "@kubernetes/client-node";
import { expect, it } from "vitest";
import { parse } from "yaml";
import type { Cluster } from "../../../../../kubernetes/liveCluster.ts";
import type { Lab } from "../../../../../verification/experiments/support/experiment.ts";
import { configureKubeProxy } from "../../../../../verification/experiments/support/kubeProxyConfig.ts";
import type { LabSnapshot } from "../../../../../verification/experiments/support/labSnapshot.ts";
import { restoreLeftovers } from "../../../../../verification/experiments/support/leftovers.ts";

const text = "kind: KubeProxyConfiguration\nnodePortAddresses: null\n";

interface ConfigMap {
	metadata: { annotations?: Record<string, string> };
	data: Record<string, string>;
}

interface Deletion {
	namespace: string;
	labelSelector: string;
	gracePeriodSeconds?: number;
}

/** A cluster of one kube-proxy, and what was done in it; after so many writes the next one fails, as a killed run's. */
function fakeCluster({
	writes = Number.POSITIVE_INFINITY,
	services = [] as string[],
	namespaces = [] as string[],
	deployments = [] as string[],
	leftPods = [] as string[],
} = {}) {
	let config: ConfigMap = { metadata: { annotations: { own: "kept" } }, data: { "config.conf": text, other: "x" } };
	let pod = 0;
	const said: string[] = [];
	const core = {
		listNamespacedConfigMap: async () => ({ items: [config] }),
		replaceNamespacedConfigMap: async ({ body }: { body: ConfigMap }) => {
			if (writes-- <= 0) throw new Error("killed");
			said.push("configured");
			config = body;
			return body;
		},
		deleteCollectionNamespacedPod: async ({ namespace, labelSelector, gracePeriodSeconds }: Deletion) => {
			if (namespace === "shop") {
				said.push(`removed ${leftPods.splice(0)} of ${labelSelector} within ${gracePeriodSeconds} s`);
				return;
			}
			said.push("restarted");
			pod++;
		},
		listServiceForAllNamespaces: async ({ labelSelector }: { labelSelector: string }) => {
			expect(labelSelector).toBe("nodeport-lab/experiment");
			return { items: services.map((name) => ({ metadata: { namespace: "default", name } })) };
		},
		readNamespace: async ({ name }: { name: string }) => {
			if (!namespaces.includes(name)) throw new ApiException(404, "not found", "", {});
			return { metadata: { name } };
		},
		deleteNamespace: async ({ name }: { name: string }) => {
			namespaces.splice(namespaces.indexOf(name), 1);
			said.push(`removed ${name}`);
		},
		deleteNamespacedService: async ({ name }: { name: string }) => said.push(`removed ${name}`),
		listPodForAllNamespaces: async () => ({
			items: leftPods.map((name) => ({ metadata: { namespace: "shop", name } })),
		}),
	};
	const apps = {
		listDeploymentForAllNamespaces: async ({ labelSelector }: { labelSelector: string }) => {
			expect(labelSelector).toBe("nodeport-lab/experiment");
			return { items: deployments.map((name) => ({ metadata: { namespace: "shop", name } })) };
		},
		deleteCollectionNamespacedDeployment: async ({ namespace, labelSelector }: Deletion) =>
			said.push(`removed ${labelSelector} in ${namespace}`),
	};
	const status = { conditions: [{ type: "Ready", status: "True" }] };
	const pods = async () => [{ metadata: { uid: String(pod) }, spec: { nodeName: "nodeport-worker" }, status }];
	const nodes = async () => [{ name: "nodeport-worker", ready: true }];
	return { cluster: { core, apps, pods, nodes } as unknown as Cluster, said, config: () => config };
}

const actions: (() => Promise<unknown>)[] = [];
const lab = { afterwards: (action: () => Promise<unknown>) => actions.push(action) } as unknown as Lab;
const snapshot = (cluster: Cluster) => ({ cluster }) as LabSnapshot;

it("changes nothing if nothing was left", async () => {
	const { cluster, said } = fakeCluster();
	await restoreLeftovers(cluster);
	expect(said).toEqual([]);
});

it("removes the Services that a killed run left", async () => {
	const { cluster, said } = fakeCluster({ services: ["nodeport-service-health"] });
	await restoreLeftovers(cluster);
	expect(said).toEqual(["removed nodeport-service-health"]);
});

it("removes the namespace with generated Services that a killed run left", async () => {
	const { cluster, said } = fakeCluster({ namespaces: ["own", "nodeport-lab-many-services"] });
	await restoreLeftovers(cluster);
	expect(said).toEqual(["removed nodeport-lab-many-services"]);
});

it("starts each configuration of kube-proxy from the original one", async () => {
	const { cluster, config } = fakeCluster();
	await configureKubeProxy(lab, snapshot(cluster), { nodePortAddresses: ["172.18.0.2/32"] });
	await configureKubeProxy(lab, snapshot(cluster), { mode: "nftables" });
	expect(parse(config().data["config.conf"] ?? "")).toEqual({ ...parse(text), mode: "nftables" });
	for (const action of actions.splice(0).reverse()) await action();
	expect(config().data["config.conf"]).toBe(text);
});

it("removes the Deployments that a killed run left, and their pods without waiting for their grace periods", async () => {
	const { cluster, said } = fakeCluster({ deployments: ["app1-stopfirst"], leftPods: ["app1-stopfirst-x"] });
	await restoreLeftovers(cluster);
	const label = "nodeport-lab/experiment";
	expect(said).toEqual([`removed ${label} in shop`, `removed app1-stopfirst-x of ${label} within 1 s`]);
});

it("restores kube-proxy's configuration, at the end of the experiment or in the next run", async () => {
	for (const putBack of [(cluster: Cluster) => restoreLeftovers(cluster), () => actions.pop()?.()]) {
		const { cluster, said, config } = fakeCluster();
		const before = config();
		await configureKubeProxy(lab, snapshot(cluster), { nodePortAddresses: ["172.18.0.2/32"] });
		expect(config().data["config.conf"]).toContain("172.18.0.2/32");
		expect(said.splice(0)).toEqual(["configured", "restarted"]);
		await putBack(cluster);
		expect(config()).toEqual(before);
		expect(said).toEqual(["configured", "restarted", "configured"]);
	}
});

it("restores it again if it was interrupted before every kube-proxy had restarted", async () => {
	const { cluster, said, config } = fakeCluster({ writes: 2 });
	await configureKubeProxy(lab, snapshot(cluster), { nodePortAddresses: ["172.18.0.2/32"] });
	await expect(restoreLeftovers(cluster)).rejects.toThrow("killed");
	expect(config().data["config.conf"]).toBe(text);
	expect(said.filter((what) => what === "restarted").length).toBe(2);
	expect(Object.keys(config().metadata.annotations ?? {})).toContain("nodeport-lab/config-before");
});
