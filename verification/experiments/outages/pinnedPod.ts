import type { Node } from "../../../kubernetes/model.ts";
import type { JourneyWithHops } from "../../journey/model.ts";
import type { Measurement } from "../model.ts";
import type { Experiment, Lab } from "../support/experiment.ts";
import type { LabSnapshot } from "../support/labSnapshot.ts";
import { same } from "../support/measurements.ts";

/**
 * A node is NotReady this many seconds after its kubelet last renewed its lease; then its pods' endpoints leave the
 * Service (kube-controller-manager's --node-monitor-grace-period, 50 s since Kubernetes 1.32).
 */
const gracePeriod = 50;

/** How long the controllers and every kube-proxy take to react. */
const reaction = 30;

/** The outage is over after this many seconds without an error. */
const quiet = 15;

export const pinnedPod: Experiment = {
	name: "pinned-pod",
	title: "A pod that is pinned to a node fails with that node",
	question: "What happens to the Service when the node of a pod stops, and for how long?",
	workers: 3,
	changes: ({ workers }) => [
		{ externalTrafficPolicy: "Cluster", replicas: 1 },
		{ externalTrafficPolicy: "Cluster", replicas: 3, echoNodes: workers.slice(0, 3).map(({ name }) => name) },
	],
	async measure(lab, snapshot) {
		return snapshot.objects.endpoints.length === 1 ? outage(lab, snapshot) : recovery(lab, snapshot);
	},
};

/** Stops the only pod's node: every URL fails, and keeps failing. */
async function outage(lab: Lab, snapshot: LabSnapshot): Promise<Measurement[]> {
	const { down, others, journey } = await stopHost(lab, snapshot);
	const sendToOthers = async (seconds: number) => {
		const outcomes = await Promise.all(others.map((node) => snapshot.send(snapshot.outside, snapshot.addressOf(node))));
		const answering = outcomes.filter(({ outcome }) => outcome === "ok").length;
		const value = (answering: number) => ({ kind: "answering" as const, answering, of: others.length });
		return { ...same({ kind: "otherNodes", stopped: down.name, seconds }, value(0), value(answering)), journey };
	};
	const atOnce = await sendToOthers(0);
	lab.say(`waiting ${gracePeriod + reaction} s: after the grace period the endpoint leaves the Service`);
	await lab.sleep(gracePeriod + reaction);
	const later = await sendToOthers(gracePeriod + reaction);
	const { objects } = await lab.snapshot();
	const tolerationSeconds = await toleration(snapshot);
	const endpoints = same(
		{ kind: "endpoints", ...(tolerationSeconds !== undefined && { tolerationSeconds }) },
		{ kind: "count", count: 0 },
		{ kind: "count", count: objects.endpoints.length },
	);
	return [atOnce, later, endpoints];
}

/** How long the pod stays bound to an unreachable node; the API server's default is 300 s. */
async function toleration({ cluster, objects }: LabSnapshot): Promise<number | undefined> {
	const { namespace } = objects.service;
	const { spec } = await cluster.core.readNamespacedPod({ namespace, name: objects.endpoints[0]?.pod ?? "" });
	return spec?.tolerations?.find(({ key }) => key === "node.kubernetes.io/unreachable")?.tolerationSeconds;
}

/** Stops the node of one of three pods: a third of the requests fails until its endpoint has left the Service. */
async function recovery(lab: Lab, snapshot: LabSnapshot): Promise<Measurement[]> {
	const { down, others, journey } = await stopHost(lab, snapshot);
	const stopped = performance.now();
	const since = () => Math.round((performance.now() - stopped) / 1000);
	let failed = 0;
	let lastError = 0;
	lab.say(`sending requests to the other nodes until none has failed for ${quiet} s`);
	while (since() < lastError + quiet || since() < quiet) {
		const requests = others.map((node) => snapshot.sendMany(snapshot.outside, snapshot.addressOf(node), 6));
		const errors = (await Promise.all(requests)).flat().filter(({ node }) => node === undefined).length;
		if (errors > 0) lastError = since();
		failed += errors;
		if (lastError > 3 * gracePeriod) break;
		await lab.sleep(1);
	}
	const within = gracePeriod + reaction;
	return [
		{
			subject: { kind: "recovery", replicas: 3, stopped: down.name },
			expected: { kind: "limit", seconds: within, gracePeriod },
			measured: { kind: "outage", seconds: lastError, failed },
			// The grace period starts when the kubelet last renewed its lease, up to 10 s before the stop.
			ok: failed > 0 && lastError >= gracePeriod - 15 && lastError <= within,
			journey,
		},
	];
}

/** Stops a pod's node. @returns also a request's journey to another node, by the rules at that time */
async function stopHost(
	lab: Lab,
	snapshot: LabSnapshot,
): Promise<{ down: Node; others: Node[]; journey: JourneyWithHops }> {
	// The client pod needs its own node.
	const [down] = snapshot.nodes({ endpoints: true }).filter(({ name }) => name !== snapshot.inside.place.node);
	if (!down) throw new Error("only the client's own node has an endpoint");
	const others = snapshot.objects.nodes.filter((node) => node !== down);
	const [entry] = others;
	if (!entry) throw new Error("the cluster has no other node");
	await lab.stopNode(down.name);
	return { down, others, journey: snapshot.recordedJourney(snapshot.outside, snapshot.addressOf(entry)) };
}
