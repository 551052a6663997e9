/** Objects of a cluster, reduced to the fields that are used. */
import { z } from "zod";

/** A node as `kubectl get nodes -o wide` shows it. */
export const Node = z.object({
	name: z.string(),
	role: z.enum(["control-plane", "worker"]),
	ready: z.boolean(),
	internalIp: z.string(),
	podCidr: z.string(),
	labels: z.record(z.string(), z.string()),
	kubeletVersion: z.string(),
	osImage: z.string(),
	kernelVersion: z.string(),
	containerRuntime: z.string(),
});
export type Node = z.infer<typeof Node>;

export const Pod = z.object({ name: z.string(), ip: z.string(), node: z.string() });
export type Pod = z.infer<typeof Pod>;

export const Service = z.object({
	name: z.string(),
	namespace: z.string(),
	dnsName: z.string(),
	clusterIp: z.string(),
	port: z.int(),
	portName: z.string(),
	nodePort: z.int(),
	externalTrafficPolicy: z.enum(["Cluster", "Local"]),
	/** ClientIP: each node sends a known client address to the pod that served it before. */
	sessionAffinity: z.enum(["None", "ClientIP"]),
});
export type Service = z.infer<typeof Service>;
