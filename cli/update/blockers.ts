/** What an object of the cluster waits for, read from its pods. */
import type { V1Pod } from "@kubernetes/client-node";
import { z } from "zod";
import { type Access, kubectlText } from "../../kubernetes/kubeAccess.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import { isReady } from "../../kubernetes/objects.ts";

const Labels = z.record(z.string(), z.string());
const Declared = z.object({
	metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
	spec: z.object({ selector: z.union([z.object({ matchLabels: Labels }), Labels]).optional() }).optional(),
});

export interface Waiting {
	op: string;
	type: string;
	inputs: unknown;
}

/** One line for each thing that keeps the operation from ending, with the command that shows or fixes it. */
export async function blockers({ op, type, inputs }: Waiting, access: Access | undefined): Promise<string[]> {
	const { data } = Declared.safeParse(inputs);
	if (access === undefined || !type.startsWith("kubernetes:") || data === undefined) return [];
	try {
		const cluster = new Cluster(access);
		const { pods, namespace } = await podsOf(cluster, type, data);
		const isEnding = op.startsWith("delete");
		const found = await Promise.all(pods.map((pod) => whyWaiting(cluster, pod, isEnding)));
		const lines = found.flat();
		if (lines.length > 0 || isEnding) return lines;
		if (pods.length === 0)
			return [`  it has no pods yet; see: ${kubectlText(access, "-n", namespace, "get", "events")}`];
		// pulumi-kubernetes waits for caches of all that it watches, and can't fill one without the right to.
		const check = kubectlText(access, "-n", namespace, "auth", "can-i", "watch", "persistentvolumeclaims");
		return [`  its pods are ready: Pulumi's provider may lack a right of docs/rbac.yaml; check: ${check}`];
	} catch (error) {
		return [`  the cluster doesn't say why: ${(error as Error).message.split("\n")[0]}`];
	}
}

async function podsOf(cluster: Cluster, type: string, { metadata, spec }: z.infer<typeof Declared>) {
	const kind = type.split(":").at(-1);
	const { name, namespace = "default" } = metadata;
	if (kind === "Namespace") return { namespace: name, pods: await cluster.pods(name) };
	if (kind === "Pod") {
		return { namespace, pods: (await cluster.pods(namespace)).filter((pod) => pod.metadata?.name === name) };
	}
	const selector = spec?.selector;
	if (selector === undefined) return { namespace, pods: [] };
	const labels =
		"matchLabels" in selector && typeof selector.matchLabels === "object" ? selector.matchLabels : selector;
	return { namespace, pods: await cluster.pods(namespace, labels as Record<string, string>) };
}

async function whyWaiting(cluster: Cluster, pod: V1Pod, isEnding: boolean): Promise<string[]> {
	const { name = "", namespace = "", deletionTimestamp } = pod.metadata ?? {};
	const of = (verb: string, ...args: string[]) =>
		kubectlText(cluster.access, "-n", namespace, verb, "pod", name, ...args);
	const node = pod.spec?.nodeName;
	if (deletionTimestamp !== undefined) {
		if (node === undefined || isReady(await cluster.core.readNode({ name: node })))
			return [`  pod ${name} is terminating`];
		return [`  pod ${name} can't terminate: ${node} isn't Ready; fix: ${of("delete", "--force", "--grace-period=0")}`];
	}
	if (isEnding) return [`  pod ${name} is still there`];
	return isReady(pod) ? [] : [`  pod ${name} isn't ready: ${reason(pod)}; see: ${of("describe")}`];
}

/** The pod's own state, most specific first: "ImagePullBackOff (…)". */
function reason({ status }: V1Pod): string {
	const waiting = status?.containerStatuses?.flatMap(({ state }) => state?.waiting ?? [])[0];
	const condition = status?.conditions?.find(({ status, message }) => status === "False" && message !== undefined);
	const { reason, message } = waiting ?? condition ?? {};
	const first = message?.split("\n")[0];
	return [reason ?? status?.phase ?? "unknown", ...(first ? [`(${first})`] : [])].join(" ");
}
