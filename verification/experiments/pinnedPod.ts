import type { Node } from "../../kubernetes/model.ts";
import type { Finding } from "../report.ts";
import type { Experiment, Lab } from "./support/experiment.ts";
import { same } from "./support/findings.ts";
import type { LabSnapshot } from "./support/labSnapshot.ts";

/**
 * After so many seconds without a lease of its kubelet a node counts as not Ready, and its pods' endpoints leave the
 * Service (kube-controller-manager's --node-monitor-grace-period, 50 s since Kubernetes 1.32).
 */
const gracePeriod = 50;

/** For the controllers and every kube-proxy to follow. */
const reaction = 30;

/** So long without an error, and it counts as over. */
const quiet = 15;

export const pinnedPod: Experiment = {
	name: "pinned-pod",
	title: "A pod that is pinned to a node fails with it",
	question: "What is left of the Service when the node of a pod stops, and for how long?",
	workers: 3,
	changes: ({ workers }) => [
		{ externalTrafficPolicy: "Cluster", replicas: 1 },
		{ externalTrafficPolicy: "Cluster", replicas: 3, echoNodes: workers.slice(0, 3).map(({ name }) => name) },
	],
	async measure(lab, snapshot) {
		return snapshot.objects.endpoints.length === 1 ? outage(lab, snapshot) : recovery(lab, snapshot);
	},
};

/** The only pod's node is stopped: every URL is dead, and stays so. */
async function outage(lab: Lab, snapshot: LabSnapshot): Promise<Finding[]> {
	const { down, others, path } = await stopHost(lab, snapshot);
	const ask = async (what: string) => {
		const outcomes = await Promise.all(others.map((node) => snapshot.ask(snapshot.outside, snapshot.url(node))));
		const answering = outcomes.filter(({ outcome }) => outcome === "ok").length;
		return { ...same(what, `0 of ${others.length} answer`, `${answering} of ${others.length} answer`), path };
	};
	const atOnce = await ask(`the other nodes, at once after ${down.name} was stopped`);
	lab.say(`waiting ${gracePeriod + reaction} s: a grace period, then the endpoint leaves`);
	await lab.sleep(gracePeriod + reaction);
	const later = await ask(`the other nodes, ${gracePeriod + reaction} s later`);
	const { objects } = await lab.look();
	const endpoints = same(
		`ready endpoints; the pod's tolerationSeconds (${await toleration(snapshot)} s) only decide when it is evicted, and no other node may take it`,
		"0",
		String(objects.endpoints.length),
	);
	return [atOnce, later, endpoints];
}

/** How long the pod stays bound to a node that cannot be reached: the API server's default is 300 s. */
async function toleration({ cluster, objects }: LabSnapshot): Promise<number | undefined> {
	const { namespace } = objects.service;
	const { spec } = await cluster.core.readNamespacedPod({ namespace, name: objects.endpoints[0]?.pod ?? "" });
	return spec?.tolerations?.find(({ key }) => key === "node.kubernetes.io/unreachable")?.tolerationSeconds;
}

/** One of three pods' nodes is stopped: a third of the requests fails until its endpoint has left. */
async function recovery(lab: Lab, snapshot: LabSnapshot): Promise<Finding[]> {
	const { down, others, path } = await stopHost(lab, snapshot);
	const stopped = performance.now();
	const since = () => Math.round((performance.now() - stopped) / 1000);
	let failed = 0;
	let lastError = 0;
	lab.say(`asking the other nodes until none has failed for ${quiet} s`);
	while (since() < lastError + quiet || since() < quiet) {
		const asked = others.map((node) => snapshot.askOften(snapshot.outside, snapshot.url(node), 6));
		const errors = (await Promise.all(asked)).flat().filter(({ node }) => node === undefined).length;
		if (errors > 0) lastError = since();
		failed += errors;
		if (lastError > 3 * gracePeriod) break;
		await lab.sleep(1);
	}
	const within = gracePeriod + reaction;
	return [
		{
			what: `3 replicas on 3 nodes, ${down.name} stopped: until every other node answers without errors`,
			expected: `within ${within} s: the node controller's grace period of ${gracePeriod} s, and the way to every kube-proxy`,
			measured: `${lastError} s, ${failed} requests failed until then`,
			// The period counts from the kubelet's last lease, up to 10 s before the stop.
			ok: failed > 0 && lastError >= gracePeriod - 15 && lastError <= within,
			path,
		},
	];
}

/** With the ways of a request to another node, by the rules as they were when the node stopped. */
async function stopHost(lab: Lab, snapshot: LabSnapshot): Promise<{ down: Node; others: Node[]; path: string }> {
	// The client pod's own node stays.
	const [down] = snapshot.nodes({ endpoints: true }).filter(({ name }) => name !== snapshot.inside.place.node);
	if (!down) throw new Error("no node but the client's own holds an endpoint");
	const others = snapshot.objects.nodes.filter((node) => node !== down);
	const [entry] = others;
	if (!entry) throw new Error("the cluster has no other node");
	await lab.stopNode(down.name);
	return { down, others, path: snapshot.path(snapshot.outside, snapshot.url(entry)) };
}
