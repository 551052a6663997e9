/** What the API server knows about the nodes of a kind cluster. */
import { z } from "zod";
import { attempt } from "../lib/subprocess.ts";
import type { NodeContainer } from "./docker.ts";

export interface NodeStatus {
	/** When the kubelet last renewed its lease, or registered the node. */
	lastHeartbeat: Date;
	/** InternalIPs. */
	addresses: string[];
	podCidr: string | undefined;
	/** Why the node isn't Ready; empty if it is. */
	notReady: string;
}

export interface NodeStatuses {
	byName: Map<string, NodeStatus>;
	/** Why the API server didn't answer; empty if it did. */
	failure: string;
}

const Objects = z.object({
	items: z.array(
		z.object({
			kind: z.string(),
			metadata: z.object({ name: z.string(), creationTimestamp: z.string() }),
			spec: z.object({ podCIDR: z.string().optional(), renewTime: z.string().optional() }).default({}),
			status: z
				.object({
					addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]),
					conditions: z
						.array(z.object({ type: z.string(), status: z.string(), message: z.string().default("") }))
						.default([]),
				})
				.default({ addresses: [], conditions: [] }),
		}),
	),
});
type KubernetesObject = z.infer<typeof Objects>["items"][number];

export async function readNodeStatuses(kubeconfig: string, signal?: AbortSignal): Promise<NodeStatuses> {
	const what = ["get", "nodes,leases.coordination.k8s.io", "--namespace=kube-node-lease"];
	const { ok, stdout, stderr, message } = await attempt(
		"kubectl",
		["--kubeconfig", kubeconfig, ...what, "--request-timeout=5s", "--output=json"],
		{ silent: true, ...(signal && { signal }) },
	);
	const items = ok ? Objects.parse(JSON.parse(stdout)).items : [];
	const leases = items.filter(({ kind }) => kind === "Lease");
	const renewals = new Map(leases.map(({ metadata, spec }) => [metadata.name, spec.renewTime]));
	const nodes = items.filter(({ kind }) => kind === "Node");
	const byName = new Map(nodes.map((node) => [node.metadata.name, statusOf(node, renewals)]));
	return { byName, failure: ok ? "" : stderr.trim().split("\n").at(-1) || message };
}

function statusOf({ metadata, spec, status }: KubernetesObject, renewals: Map<string, string | undefined>): NodeStatus {
	const created = metadata.creationTimestamp;
	const ready = status.conditions.find(({ type }) => type === "Ready");
	return {
		// A new node's first lease follows 10 s after its registration: the kubelet's first attempt comes too early.
		lastHeartbeat: new Date(Math.max(Date.parse(created), Date.parse(renewals.get(metadata.name) || created))),
		addresses: status.addresses.flatMap(({ type, address }) => (type === "InternalIP" ? [address] : [])),
		podCidr: spec.podCIDR,
		notReady: ready?.status === "True" ? "" : shortened(ready?.message || "no Ready condition yet"),
	};
}

/** "container runtime network not ready: cni plugin not initialized", without containerd's repetition in between. */
const shortened = (message: string): string =>
	message.replace(/NetworkReady=false reason:\S+ message:(Network plugin returns error: )?/, "");

/**
 * What a node lacks so that the API server's data about it is current.
 * @param since when the node's container was started
 */
export function missingHeartbeat(status: NodeStatus | undefined, node: NodeContainer, since: Date): string {
	if (!status) return "hasn't registered with the API server";
	if (status.lastHeartbeat <= since) return "its kubelet hasn't reported since the node was started";
	// The API server has one address of each of the cluster's families.
	const isCurrent = status.addresses.length > 0 && status.addresses.every((known) => node.addresses.includes(known));
	return isCurrent ? "" : `the API server doesn't know its new address: ${node.addresses.join(" or ")}`;
}
