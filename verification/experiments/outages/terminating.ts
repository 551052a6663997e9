import { isDeepStrictEqual } from "node:util";
import type { Node } from "../../../kubernetes/model.ts";
import { isReadyEndpoint } from "../../../kubernetes/snapshot.ts";
import { poll } from "../../../lib/poll.ts";
import { preferred } from "../../judgement/predict.ts";
import type { MeasuredValue, Measurement } from "../model.ts";
import type { Experiment, Lab } from "../support/experiment.ts";
import { measureHealth } from "../support/healthCheckPorts.ts";
import type { LabSnapshot } from "../support/labSnapshot.ts";
import { measureRequest } from "../support/measurements.ts";
import { failingOf, type Sent, stream } from "../support/requestStream.ts";
import { type Rollout, RolloutSite } from "../support/rolloutSite.ts";

/** How long pods and rules may take to reach the next state, in seconds. */
const stateSeconds = 120;

/** For how long requests may still be sent to a pod that has stopped, in seconds; one or two unless the machine is busy. */
const reaction = 30;

/** At the same time, each with its own Service. */
const rollouts: readonly Rollout[] = [
	{ change: "stopFirst", servesOn: false },
	{ change: "stopFirst", servesOn: true },
	{ change: "scaleDown", servesOn: false },
	{ change: "scaleDown", servesOn: true },
];

export const terminating: Experiment = {
	name: "terminating",
	title: "With policy Local, a node fails while its only pod is replaced",
	question: "How many requests does a rolling update lose, and what prevents it?",
	workers: 2,
	changes: ({ workers }) => [
		{ externalTrafficPolicy: "Local", replicas: 2, echoNodes: workers.slice(0, 2).map(({ name }) => name) },
	],
	async measure(lab, snapshot) {
		lab.say("creating the Deployments to update");
		const sites = await Promise.all(rollouts.map((rollout) => RolloutSite.create(lab, snapshot, rollout)));
		await Promise.all(sites.map((site) => reach(lab, site, "before")));
		lab.say("replacing pods while requests are sent");
		const measured = await Promise.all(sites.map((site) => measureChange(lab, snapshot, site)));
		return measured.flat();
	},
};

/** Sends requests from before the change until the rules lead only to the pods that are left. */
async function measureChange(lab: Lab, snapshot: LabSnapshot, site: RolloutSite): Promise<Measurement[]> {
	let isOver = false;
	const sending = stream(snapshot, snapshot.outside, site.address, () => isOver);
	try {
		await site.change();
		const between = site.rollout.change === "stopFirst" ? await measureBetween(lab, site) : [];
		await reach(lab, site, "after");
		isOver = true;
		return [outage(site, await sending), ...between];
	} finally {
		isOver = true;
		await Promise.allSettled([sending]);
	}
}

/** What becomes of requests while the old pod terminates, or is gone, and the new one isn't ready. */
async function measureBetween(lab: Lab, site: RolloutSite): Promise<Measurement[]> {
	const { rollout, node, healthPort } = site;
	const snapshot = await reach(lab, site, "between");
	const condition = rollout.servesOn ? "terminating" : "podStopped";
	const request = await measureRequest(snapshot, snapshot.outside, node, { condition, policy: "Local" });
	const health = await measureHealth(lab, snapshot, node, { port: healthPort, endpoints: 0, condition });
	return [request, health];
}

/**
 * Before and after the change the node has ready pods. In between, the only one has ended or terminates, and its replacement
 * isn't ready.
 */
type State = "before" | "between" | "after";

/** Reads the lab until the pods are in the state, and the node's rules lead to the endpoints that kube-proxy must choose. */
async function reach(lab: Lab, site: RolloutSite, state: State): Promise<LabSnapshot> {
	const read = async () => {
		if (state !== "between") await site.letBeReady();
		return lab.snapshot(site.scope);
	};
	const until = (snapshot: LabSnapshot) => isReached(snapshot, site, state);
	const snapshot = await poll(read, { interval: 200, seconds: stateSeconds, signal: lab.signal, until });
	if (until(snapshot)) return snapshot;
	const { namespace, name } = site.scope.service;
	throw new Error(`the rules of Service ${namespace}/${name} aren't as expected after ${stateSeconds} s`);
}

function isReached(snapshot: LabSnapshot, { rollout, node, oldPods, replicas }: RolloutSite, state: State): boolean {
	const local = snapshot.objects.endpoints.filter((endpoint) => endpoint.node === node.name);
	const ready = local.filter(isReadyEndpoint);
	const old = local.filter(({ pod }) => oldPods.includes(pod));
	const isInState = {
		before: ready.length === replicas,
		between: ready.length === 0 && old.length === (rollout.servesOn ? 1 : 0),
		after: ready.length === 1 && (rollout.change === "scaleDown" || !ready.some((one) => old.includes(one))),
	};
	return isInState[state] && isSame(preferred(local), snapshot, node);
}

/** Whether the rules lead to each of the endpoints, and to nothing else. */
function isSame(endpoints: readonly { ip: string }[], snapshot: LabSnapshot, node: Node): boolean {
	const predicted = snapshot.predict(snapshot.outside, snapshot.addressOf(node)).flatMap(({ podIp }) => podIp ?? []);
	return isDeepStrictEqual(new Set(predicted), new Set(endpoints.map(({ ip }) => ip)));
}

function outage({ rollout, node }: RolloutSite, sent: readonly Sent[]): Measurement {
	const measured = failingOf(sent);
	const isOk = {
		never: measured.failed === 0,
		rulesChange: measured.seconds <= reaction,
		ready: measured.failed > 0,
	};
	const until = rollout.servesOn ? "never" : rollout.change === "stopFirst" ? "ready" : "rulesChange";
	const expected: MeasuredValue = { kind: "losses", until, ...(until === "rulesChange" && { atMost: reaction }) };
	return { subject: { kind: "rollout", node: node.name, ...rollout }, expected, measured, ok: isOk[until] };
}
