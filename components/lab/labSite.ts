/** Where the lab is: in a cluster of its own, or in one that exists; and what differs between the two. */

import type { ExistingConfig, KindConfig, LabConfig } from "../../config/labConfig.ts";
import { imageId } from "../../kind/docker.ts";
import { labCluster } from "../../kind/owner.ts";
import type { Sample } from "../../kubernetes/existing/nodeSample.ts";
import { placeOn } from "../../kubernetes/existing/placement.ts";
import { orRefuse, UserError } from "../../lib/userError.ts";
import { ClusterImage, type PodImage } from "../clusterImage.ts";
import { ExistingCluster } from "../existingCluster.ts";
import { KindCluster } from "../kindCluster.ts";
import type { LabCluster } from "../labCluster.ts";

export interface LabSite {
	cluster: LabCluster;
	/** Where the echo may run; empty: anywhere. */
	echoNodes: string[];
	/** Where dnsutils runs. */
	clientNode: string;
	/** An image for the pods on these nodes (none named: on all). @param name of what brings it there */
	image(name: string, reference: string, nodes: string[]): PodImage;
	/** Only in a cluster that is not the lab's own. */
	existing?: {
		/** Whether rules are read through NodeProbe, as a node runs no kube-proxy pod. */
		lacksProxy: boolean;
		/** Which nodes the lab looks at, where not at all of them. */
		sample?: Sample;
	};
}

/** @throws UserError where images are missing, or a cluster that exists cannot carry the lab; nothing was made yet */
export const labSite = (config: LabConfig): Promise<LabSite> =>
	config.cluster === "kind" ? kindSite(config) : existingSite(config);

async function kindSite(config: KindConfig): Promise<LabSite> {
	await refuseMissingImages([config.echoImage, config.dnsutilsImage]);
	const { echoNodes, clientNode, hostPort, nodePort } = config;
	const cluster = new KindCluster(labCluster, {
		name: config.clusterName,
		workers: config.workers,
		nodeImage: config.nodeImage,
		kubeProxyMode: config.kubeProxyMode,
		...(hostPort && { publish: { hostPort, nodePort } }),
	});
	return {
		cluster,
		echoNodes,
		clientNode,
		image: (name, image, nodes) => new ClusterImage(name, { cluster, image, nodes }),
	};
}

/** Beforehand: else they would end an update that has made a cluster for them, or removed one. */
async function refuseMissingImages(images: string[]): Promise<void> {
	const asked = await Promise.allSettled([...new Set(images)].map(imageId));
	const faults = asked.flatMap((answer) => (answer.status === "rejected" ? (answer.reason as Error).message : []));
	if (faults.length > 0) throw new UserError(faults.join("\n"));
}

async function existingSite(config: ExistingConfig): Promise<LabSite> {
	// Loaded only here: a cluster of the lab's own needs none of it.
	const { inspectCluster } = await import("../../kubernetes/existing/inspect.ts");
	const landscape = await orRefuse(inspectCluster(config, config.namespace));
	const { echoNodes, clientNode, nodes, sample, lacksProxy } = placeOn(config, landscape);
	const { kubeconfig, context } = config;
	const cluster = new ExistingCluster(labCluster, {
		name: landscape.name,
		id: landscape.id,
		kubeconfig,
		context,
		nodes,
	});
	// Each node gets images by itself, from where their references say.
	const image = (_: string, reference: string) => ({ reference });
	return { cluster, echoNodes, clientNode, image, existing: { lacksProxy, ...(sample && { sample }) } };
}
