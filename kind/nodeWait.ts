/** Waits for the nodes of a cluster, and shows what each of them is waiting for. */
import { z } from "zod";
import { poll } from "../lib/poll.ts";
import { shellText } from "../lib/shell.ts";
import { attempt } from "../lib/subprocess.ts";
import { withProgress } from "../lib/waitProgress.ts";
import type { NodeContainer } from "./docker.ts";
import { missingHeartbeat, readNodeStatuses } from "./nodeStatus.ts";

interface Wait {
	nodes: NodeContainer[];
	/** Since when every kubelet has been running. */
	since: Date;
	kubeconfig: string;
	/** How long the cluster's creation took: a slow machine gets more time. @default unknown */
	creationSeconds?: number | undefined;
	/** The time limit; 0: the nodes need not become Ready. @default 180, or 4 times what the creation took */
	seconds?: number | undefined;
}

/** Waits until each node is Ready with an InternalIP and a podCIDR. @throws with what each node is still waiting for */
export async function waitForNodes(wait: Wait): Promise<void> {
	const { nodes, since, kubeconfig, creationSeconds = 0 } = wait;
	const usual = Math.max(180, 4 * creationSeconds);
	const seconds = wait.seconds || usual;
	const untilReady = wait.seconds !== 0;
	// On a slow machine, kubectl itself takes seconds of CPU time.
	const interval = 1000 * Math.min(5, Math.max(0.5, creationSeconds / 50));
	let missing = ["the API server hasn't answered yet"];
	let pods = new Map<string, string[]>();
	let nextPods = Date.now() + 1500;
	const isReady = async () => {
		const lacks = await missingIn(nodes, since, kubeconfig, untilReady);
		if (lacks.length > 0 && Date.now() > nextPods) {
			nextPods = Date.now() + 5000;
			pods = await startingPods(kubeconfig);
		}
		missing = lacks.map(({ node, lack }) => `${node}: ${[lack, ...(pods.get(node) ?? [])].join(", ")}`);
		return lacks.length === 0;
	};
	const progress = () => `waiting until all nodes are Ready: ${missing.join("; ")}`;
	if (await withProgress(progress, poll(isReady, { interval, seconds }))) return;
	const get = ["kubectl", "--kubeconfig", kubeconfig, "--namespace=kube-system", "get", "pods", "--output=wide"];
	const limit = wait.seconds ? "waitForReady" : "at least 180 s, or 4 times what the cluster's creation took";
	throw new Error(
		[
			`the nodes aren't Ready after ${seconds} s (${limit}):`,
			...missing.map((line) => `  ${line}`),
			`  fix: run the same command again, which continues to wait; for details: ${shellText(...get)}`,
		].join("\n"),
	);
}

/** What each node lacks; one entry if the API server doesn't answer. */
async function missingIn(nodes: NodeContainer[], since: Date, kubeconfig: string, untilReady: boolean) {
	const { byName, failure } = await readNodeStatuses(kubeconfig);
	if (failure !== "") return [{ node: "the API server doesn't answer", lack: failure }];
	return nodes.flatMap((node) => {
		const status = byName.get(node.name);
		const noPodCidr = status?.podCidr ? "" : "no podCIDR yet";
		const lack = missingHeartbeat(status, node, since) || (untilReady && status?.notReady) || noPodCidr;
		return lack ? [{ node: node.name, lack }] : [];
	});
}

const Pods = z.object({
	items: z.array(
		z.object({
			metadata: z.object({ name: z.string() }),
			spec: z.object({ nodeName: z.string().optional() }),
			status: z.object({
				phase: z.string(),
				containerStatuses: z
					.array(z.object({ state: z.object({ waiting: z.object({ reason: z.string() }).optional() }) }))
					.default([]),
			}),
		}),
	),
});

/** By node: the system pods that aren't running, each with its reason. */
async function startingPods(kubeconfig: string): Promise<Map<string, string[]>> {
	const get = ["--kubeconfig", kubeconfig, "--namespace=kube-system", "get", "pods"];
	const { ok, stdout } = await attempt("kubectl", [...get, "--request-timeout=5s", "--output=json"], { silent: true });
	const byNode = new Map<string, string[]>();
	for (const { metadata, spec, status } of ok ? Pods.parse(JSON.parse(stdout)).items : []) {
		const reason = status.containerStatuses.find(({ state }) => state.waiting)?.state.waiting?.reason;
		if (!spec.nodeName || (["Running", "Succeeded"].includes(status.phase) && !reason)) continue;
		const pod = `pod ${metadata.name}: ${reason ?? status.phase}`;
		byNode.set(spec.nodeName, [...(byNode.get(spec.nodeName) ?? []), pod]);
	}
	return byNode;
}
