/** Where the lab runs: on a cluster that it creates or on an existing one. What differs between them is decided here. */
import { portProtocols } from "../../config/clusterShape.ts";
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
	/** Nodes that the echo may run on; empty: any. */
	echoNodes: string[];
	/** The node that dnsutils runs on. */
	clientNode: string;
	/** Provides an image on these nodes (empty: all). @param name of the component that loads it */
	image(name: string, reference: string, nodes: string[]): PodImage;
	/** Only on an existing cluster. */
	existing?: {
		/** Whether a node runs no kube-proxy pod, so that rules are read through NodeProbe. */
		lacksProxy: boolean;
		/** The nodes that are checked, if not all. */
		sample?: Sample;
	};
}

/** @throws UserError if images are missing or the existing cluster can't run the lab; nothing was created yet */
export const labSite = (config: LabConfig): Promise<LabSite> =>
	config.cluster === "kind" ? kindSite(config) : existingSite(config);

async function kindSite(config: KindConfig): Promise<LabSite> {
	await refuseMissingImages([config.echoImage, config.dnsutilsImage]);
	const { echoNodes, clientNode, hostPort, nodePort, ipFamily } = config;
	const cluster = new KindCluster(labCluster, {
		name: config.clusterName,
		workers: config.workers,
		nodeImage: config.nodeImage,
		// A cluster that was created without ipFamily has ipv4, and isn't to be recreated.
		networking: { kubeProxyMode: config.kubeProxyMode, ...(ipFamily !== "ipv4" && { ipFamily }) },
		...(hostPort && { publish: { hostPort, nodePort, protocols: portProtocols(config.protocols) } }),
	});
	return {
		cluster,
		echoNodes,
		clientNode,
		image: (name, image, nodes) => new ClusterImage(name, { cluster, image, nodes }),
	};
}

/** Checked first: otherwise the update fails after it has created or removed a cluster. */
async function refuseMissingImages(images: string[]): Promise<void> {
	const ids = await Promise.allSettled([...new Set(images)].map(imageId));
	const errors = ids.flatMap((answer) => (answer.status === "rejected" ? (answer.reason as Error).message : []));
	if (errors.length > 0) throw new UserError(errors.join("\n"));
}

async function existingSite(config: ExistingConfig): Promise<LabSite> {
	// Loaded only if needed: the Kubernetes client takes long to load.
	const { inspectCluster } = await import("../../kubernetes/existing/inspect.ts");
	const info = await orRefuse(inspectCluster(config, config.namespace));
	const { echoNodes, clientNode, nodes, sample, lacksProxy } = placeOn(config, info);
	const { kubeconfig, context } = config;
	const cluster = new ExistingCluster(labCluster, {
		name: info.name,
		id: info.id,
		kubeconfig,
		context,
		nodes,
	});
	// The nodes pull images themselves.
	const image = (_: string, reference: string) => ({ reference });
	return { cluster, echoNodes, clientNode, image, existing: { lacksProxy, ...(sample && { sample }) } };
}
