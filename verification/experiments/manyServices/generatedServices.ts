/**
 * Thousands of Services without pods, for which kube-proxy writes rules as for any other. They are in their own namespace:
 * a pod gets environment variables for every Service of its namespace, and thousands of them keep it from starting.
 */
import type { V1EndpointSlice, V1Service } from "@kubernetes/client-node";
import pLimit from "p-limit";
import { withApiError } from "../../../kubernetes/apiErrors.ts";
import { apiFamilies } from "../../../kubernetes/familyViews.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import { findNamespace } from "../../../kubernetes/namedObjects.ts";
import { poll } from "../../../lib/poll.ts";
import { parseAddress } from "../../../netfilter/address.ts";
import type { Lab } from "../support/experiment.ts";

const namespace = "nodeport-lab-many-services";

/** Concurrent requests to the API server. */
const limit = pLimit(16);

/** The time limit for removing all Services. */
const removalSeconds = 900;

const port = 80;

/** More Services than this leave no room for others in kind's range of ClusterIPs, a /16. */
export const mostServices = 50_000;

export class GeneratedServices {
	private readonly lab: Lab;
	private readonly cluster: Cluster;
	/** The ClusterIPs, in the order of creation. */
	readonly clusterIps: string[] = [];
	private changes = 0;

	private constructor(lab: Lab, cluster: Cluster) {
		this.lab = lab;
		this.cluster = cluster;
	}

	/** Starts without Services. The end of the experiment removes all. */
	static async create(lab: Lab, cluster: Cluster): Promise<GeneratedServices> {
		lab.afterwards(async () => {
			lab.say("removing the generated Services");
			await removeGeneratedServices(cluster, (left) => lab.say(`removing the generated Services: ${left} left`));
		});
		const body = { metadata: { name: namespace } };
		await withApiError(`Namespace ${namespace}`, cluster.core.createNamespace({ body }));
		return new GeneratedServices(lab, cluster);
	}

	/** Creates Services until there are so many. */
	async growTo(count: number): Promise<void> {
		const { lab, clusterIps } = this;
		const missing = Array.from({ length: Math.max(0, count - clusterIps.length) }, (_, i) => clusterIps.length + i);
		let created = clusterIps.length;
		const added = await Promise.all(
			missing.map((index) =>
				limit(async () => {
					lab.signal.throwIfAborted();
					const clusterIp = await this.add(index);
					if (++created % 100 === 0 || created === count) lab.say(`created ${created} of ${count} Services`);
					return clusterIp;
				}),
			),
		);
		clusterIps.push(...added);
	}

	/** @returns its ClusterIP */
	private async add(index: number): Promise<string> {
		const { core, discovery } = this.cluster;
		const what = `Service ${namespace}/${nameOf(index)}`;
		const { spec } = await withApiError(
			what,
			core.createNamespacedService({ namespace, body: generatedService(index) }),
		);
		const clusterIp = spec?.clusterIP ?? "";
		const body = generatedSlice(index, clusterIp);
		await withApiError(`EndpointSlice of ${what}`, discovery.createNamespacedEndpointSlice({ namespace, body }));
		return clusterIp;
	}

	/** Gives the first Service another endpoint. */
	async changeEndpoint(): Promise<void> {
		this.changes++;
		const [clusterIp = ""] = this.clusterIps;
		const body = generatedSlice(0, clusterIp, { endpoint: mostServices + this.changes });
		const what = `EndpointSlice ${namespace}/${nameOf(0)}`;
		const name = nameOf(0);
		await withApiError(what, this.cluster.discovery.replaceNamespacedEndpointSlice({ namespace, name, body }));
	}
}

const nameOf = (index: number): string => `service-${index}`;

/** Without a selector, no controller changes its EndpointSlice. */
export const generatedService = (index: number): V1Service => ({
	metadata: { name: nameOf(index) },
	spec: { ports: [{ port }] },
});

/** @param endpoint the number of its address @default the Service's */
export function generatedSlice(index: number, clusterIp: string, { endpoint = index } = {}): V1EndpointSlice {
	const addressType = apiFamilies[parseAddress(clusterIp)?.kind() ?? "ipv4"];
	return {
		metadata: { name: nameOf(index), labels: { "kubernetes.io/service-name": nameOf(index) } },
		addressType,
		ports: [{ name: "", port }],
		endpoints: [{ addresses: [blackHole(addressType, endpoint)] }],
	};
}

/** An address of a network for benchmarks, where nothing answers: 198.18.0.0/15 (RFC 2544), 2001:2::/48 (RFC 5180). */
function blackHole(addressType: "IPv4" | "IPv6", number: number): string {
	const [high, low] = [Math.floor(number / 256), number % 256];
	if (addressType === "IPv6") return `2001:2::${high.toString(16)}:${low.toString(16)}`;
	return `198.${18 + Math.floor(high / 256)}.${high % 256}.${low}`;
}

/** Removes the Services, also those that a killed run left. @param progress receives how many are left */
export async function removeGeneratedServices(cluster: Cluster, progress = (_left: number) => {}): Promise<void> {
	const { core } = cluster;
	const what = `Namespace ${namespace}`;
	const isThere = async () => (await findNamespace(cluster, namespace)) !== undefined;
	if (!(await isThere())) return;
	await withApiError(what, core.deleteNamespace({ name: namespace }));
	const isRemoved = async () => {
		if (!(await isThere())) return true;
		const { items, metadata } = await withApiError(what, core.listNamespacedService({ namespace, limit: 1 }));
		progress(items.length + (metadata?.remainingItemCount ?? 0));
		return false;
	};
	const isGone = await poll(isRemoved, { interval: 5000, seconds: removalSeconds });
	if (isGone) return;
	throw new Error(
		`${what} isn't removed after ${removalSeconds} s; inspect: kubectl get namespace ${namespace} -o yaml`,
	);
}
