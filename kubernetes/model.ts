/** Objects of a cluster, reduced to the fields that are used. */
import { z } from "zod";

/** A node as `kubectl get nodes -o wide` shows it. */
export const Node = z.object({
	name: z.string(),
	role: z.enum(["control-plane", "worker"]),
	ready: z.boolean(),
	internalIp: z.string(),
	/** The InternalIPs of all address families; `internalIp` is the first one. */
	internalIps: z.array(z.string()).optional(),
	podCidr: z.string(),
	/** The pod CIDRs of all address families; `podCidr` is the first one. */
	podCidrs: z.array(z.string()).optional(),
	labels: z.record(z.string(), z.string()),
	kubeletVersion: z.string(),
	osImage: z.string(),
	kernelVersion: z.string(),
	containerRuntime: z.string(),
});
export type Node = z.infer<typeof Node>;

export const Pod = z.object({
	name: z.string(),
	ip: z.string(),
	/** Its addresses of all families that the Service has; `ip` is the first one. */
	ips: z.array(z.string()).optional(),
	node: z.string(),
});
export type Pod = z.infer<typeof Pod>;

export const Service = z.object({
	name: z.string(),
	namespace: z.string(),
	dnsName: z.string(),
	clusterIp: z.string(),
	/** The ClusterIPs of all its address families; `clusterIp` is the first one. */
	clusterIps: z.array(z.string()).optional(),
	ipFamilyPolicy: z.enum(["SingleStack", "PreferDualStack", "RequireDualStack"]).optional(),
	/** The protocols of its port, which has the same number and nodePort for both. Absent: TCP. */
	protocols: z
		.array(z.enum(["tcp", "udp"]))
		.min(1)
		.optional(),
	port: z.int(),
	portName: z.string(),
	nodePort: z.int(),
	externalTrafficPolicy: z.enum(["Cluster", "Local"]),
	/** ClientIP: each node sends a known client address to the pod that served it before. */
	sessionAffinity: z.enum(["None", "ClientIP"]),
});
export type Service = z.infer<typeof Service>;
