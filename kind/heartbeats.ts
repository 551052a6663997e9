/** What the API server has heard of the nodes. */

import { attempt } from "../lib/subprocess.ts";
import type { NodeContainer } from "./docker.ts";

export interface Heartbeats {
	byName: Map<string, { last: Date; addresses: string[] }>;
	/** Why nothing could be read, for the user; empty otherwise. */
	message: string;
}

/** A line for each Node, with its addresses, and for each Lease, with the time when the kubelet renewed it; when made. */
const template =
	'{range .items[*]}{.kind} {.metadata.name} {.metadata.creationTimestamp} {.spec.renewTime}{.status.addresses[?(@.type=="InternalIP")].address}{"\\n"}{end}';

/**
 * Each Node's InternalIPs, and when its kubelet was last heard of: it renewed its lease, or registered the Node. A new
 * node's first lease follows 10 s after that, as the kubelet asks for one in vain before (its retry is the renewal).
 */
export async function readHeartbeats(kubeconfig: string): Promise<Heartbeats> {
	const what = ["get", "nodes,leases.coordination.k8s.io", "--namespace=kube-node-lease"];
	const ask = [...what, "--request-timeout=5s", `--output=jsonpath=${template}`];
	const { ok, stdout, message } = await attempt("kubectl", ["--kubeconfig", kubeconfig, ...ask]);
	const lines = (ok ? stdout : "").split("\n").map((line) => line.split(" "));
	const renewals = new Map(lines.flatMap(([kind, name = "", _, at = ""]) => (kind === "Lease" ? [[name, at]] : [])));
	const byName = new Map(
		lines.flatMap(([kind, name = "", made = "", ...addresses]) => {
			const last = new Date(Math.max(Date.parse(made), Date.parse(renewals.get(name) || made)));
			return kind === "Node" ? [[name, { last, addresses }]] : [];
		}),
	);
	return { byName, message };
}

/**
 * The nodes whose kubelet has not been heard of since then, at the address that its container has now: what the API says
 * of them may be from before.
 */
export const withoutHeartbeat = (
	{ byName }: Heartbeats,
	nodes: NodeContainer[],
	since: (node: NodeContainer) => Date,
): string[] =>
	nodes
		.filter((node) => {
			const known = byName.get(node.name);
			return !known || known.last <= since(node) || !known.addresses.includes(node.address);
		})
		.map(({ name }) => name);
