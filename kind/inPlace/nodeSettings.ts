/**
 * Labels and taints of a living cluster's nodes. The API sets them, also those that a kubelet may not set for itself, and
 * each node records which ones, so that others stay.
 */
import { z } from "zod";
import { attempt, run } from "../../lib/subprocess.ts";
import { kubeconfigPath } from "../kubeconfigFile.ts";
import { Taint } from "../spec/kindApi.ts";

export const NodeSettings = z.object({
	labels: z.record(z.string(), z.string()).default({}),
	taints: z.array(Taint).default([]),
});
export type NodeSettings = z.infer<typeof NodeSettings>;

const managed = "nodeport-lab/managed";

/** By key, and by key and effect. */
const Managed = z.object({ labels: z.array(z.string()), taints: z.array(z.string()) });

// A taint that the cluster itself sets has more fields, such as timeAdded: they are kept.
const NodeObject = z.object({
	metadata: z.object({ resourceVersion: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
	spec: z.object({ taints: z.array(z.looseObject({ key: z.string(), effect: z.string() })).default([]) }).default({
		taints: [],
	}),
});
type NodeObject = z.infer<typeof NodeObject>;

const identity = ({ key, effect }: { key: string; effect: string }): string => `${key}:${effect}`;

/** The JSON merge patch (RFC 7386) that gives a node these settings, and removes earlier ones that aren't among them. */
export function nodePatch({ metadata, spec }: NodeObject, { labels, taints }: NodeSettings): object {
	const before = Managed.parse(JSON.parse(metadata.annotations[managed] ?? '{"labels":[],"taints":[]}'));
	const replaced = new Set([...before.taints, ...taints.map(identity)]);
	const now = { labels: Object.keys(labels), taints: taints.map(identity) };
	const isEmpty = now.labels.length + now.taints.length === 0;
	return {
		metadata: {
			// The API server refuses the patch if another client has changed the taints meanwhile.
			resourceVersion: metadata.resourceVersion,
			labels: { ...Object.fromEntries(before.labels.map((key) => [key, null])), ...labels },
			annotations: { [managed]: isEmpty ? null : JSON.stringify(now) },
		},
		spec: { taints: [...spec.taints.filter((taint) => !replaced.has(identity(taint))), ...taints] },
	};
}

/** Gives each named node its settings. */
export async function setNodes(cluster: string, settings: Record<string, NodeSettings>): Promise<void> {
	for (const [node, wanted] of Object.entries(settings))
		await setNode(["--kubeconfig", kubeconfigPath(cluster)], node, wanted);
}

/** Removes the settings that `setNodes` gave these nodes. */
export const clearNodes = (cluster: string, nodes: string[]): Promise<void> =>
	setNodes(cluster, Object.fromEntries(nodes.map((node) => [node, { labels: {}, taints: [] }])));

async function setNode(access: string[], node: string, settings: NodeSettings, attempts = 5): Promise<void> {
	const object = NodeObject.parse(JSON.parse(await run("kubectl", [...access, "get", "node", node, "--output=json"])));
	const patch = ["--type=merge", "--patch", JSON.stringify(nodePatch(object, settings))];
	const { ok, stderr, message } = await attempt("kubectl", [...access, "patch", "node", node, ...patch]);
	if (ok) return;
	if (attempts === 1 || !/\(Conflict\)|the object has been modified/.test(stderr)) throw new Error(message);
	await setNode(access, node, settings, attempts - 1);
}
