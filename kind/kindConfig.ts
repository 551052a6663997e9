/** A cluster's shape, and kind's configuration for it. */
import { stringify } from "yaml";
import { z } from "zod";
import { KubeProxyMode } from "../config/clusterShape.ts";
import { markPrefix } from "./docker.ts";

/** The subnets of the pods and of the ClusterIPs: kind's defaults, as in the walkthrough. */
export const podSubnet = "10.244.0.0/16";
export const serviceSubnet = "10.96.0.0/16";

/** A change of any of these recreates the cluster. */
export const ClusterSpec = z.object({
	name: z.string(),
	workers: z.int().min(1),
	nodeImage: z.string(),
	kubeProxyMode: KubeProxyMode,
	/** Publishes the nodePort on 127.0.0.1 of the host. A container's published ports can't change after its creation. */
	publish: z.object({ hostPort: z.int(), nodePort: z.int() }).optional(),
});
export type ClusterSpec = z.infer<typeof ClusterSpec>;

/** The configuration for `kind create cluster`. It marks every node with the creation id. */
export function kindConfig(spec: ClusterSpec, id: string): string {
	// The tests don't wait 50 s, Kubernetes' default, for a stopped node to become NotReady.
	const graceSeconds = Number(process.env.NODEPORT_LAB_NODE_GRACE_SECONDS ?? 0);
	const extraMounts = [{ hostPath: "/dev/null", containerPath: markPrefix + id, readOnly: true }];
	const published = spec.publish && {
		extraPortMappings: [
			{ containerPort: spec.publish.nodePort, hostPort: spec.publish.hostPort, listenAddress: "127.0.0.1" },
		],
	};
	return stringify({
		kind: "Cluster",
		apiVersion: "kind.x-k8s.io/v1alpha4",
		networking: { kubeProxyMode: spec.kubeProxyMode, podSubnet, serviceSubnet },
		nodes: [
			{ role: "control-plane", extraMounts, ...published },
			...Array.from({ length: spec.workers }, () => ({ role: "worker", extraMounts })),
		],
		kubeadmConfigPatches: [
			// From 1.35 on, a kubelet doesn't start on cgroup v1 without this.
			stringify({
				kind: "KubeletConfiguration",
				failCgroupV1: false,
				...(graceSeconds && { nodeLeaseDurationSeconds: graceSeconds / 2 }),
			}),
			// With the default limits the controller manager throttles itself, and `kubeadm join` waits for 5 s.
			stringify({
				kind: "ClusterConfiguration",
				controllerManager: {
					extraArgs: [
						{ name: "kube-api-qps", value: "200" },
						{ name: "kube-api-burst", value: "400" },
						...(graceSeconds ? [{ name: "node-monitor-grace-period", value: `${graceSeconds}s` }] : []),
					],
				},
			}),
		],
	});
}
