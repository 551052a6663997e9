import type { V1DaemonSet, V1Deployment, V1Job, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import * as readiness from "../../../../../toolchain/substitutes/kubernetes/readiness.ts";

const image = "nodeport-lab/echo:1";
const template = { spec: { containers: [{ name: "echo", image }] } };
const newSpec = { selector: {}, template };

const condition = (type: string, status: string, message = "", reason = message && "Because") => ({
	type,
	status,
	...(message && { reason, message }),
});
const unready = condition("Ready", "False", "containers with unready status: [echo]", "ContainersNotReady");
const started = [condition("PodScheduled", "True"), condition("Initialized", "True")];
const container = { name: "echo", image, imageID: "", ready: false, restartCount: 0 };

/** A pod whose container waits for the reason given. */
const waitingPod = (reason = "ContainerCreating", own = image, deletionTimestamp?: Date): V1Pod => ({
	metadata: { name: "echo-x", namespace: "lab", ...(deletionTimestamp && { deletionTimestamp }) },
	spec: { nodeName: "w1", containers: [{ name: "echo", image: own }] },
	status: {
		phase: "Pending",
		conditions: [...started, unready],
		containerStatuses: [{ ...container, image: own, state: { waiting: { reason, message: "because" } } }],
	},
});
const unscheduled: V1Pod = {
	metadata: { name: "echo-y" },
	spec: template.spec,
	status: { conditions: [condition("PodScheduled", "False", "0/4 nodes are available")] },
};
const notReady = "[Pod lab/echo-x]: containers with unready status: [echo]";

describe("a Deployment", () => {
	const deployment = (generation: number, replicas: number, status: V1Deployment["status"]): V1Deployment => ({
		metadata: { generation },
		spec: { ...newSpec, replicas },
		status: { observedGeneration: generation, ...status },
	});
	const unavailable = { conditions: [condition("Progressing", "True"), condition("Available", "False", "too few")] };
	const two = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

	const minimum = "Minimum number of live Pods was not attained";

	it.each<[string, V1Deployment, V1Pod[], number | undefined, string[]]>([
		["is ready with all replicas new and available", deployment(1, 2, two), [], undefined, []],
		["is ready with no replicas if none are wanted", deployment(1, 0, {}), [], undefined, []],
		[
			"waits while its status is for an older generation",
			deployment(2, 2, { ...two, observedGeneration: 1 }),
			[],
			2,
			[minimum],
		],
		["waits while old replicas remain", deployment(1, 2, { ...two, replicas: 3 }), [], 2, [minimum]],
		["waits without a status", { ...deployment(1, 2, {}), status: {} }, [], 0, [minimum]],
		["says which condition isn't met", deployment(1, 2, unavailable), [], 0, ["[Because] too few", minimum]],
		[
			"says that new replicas aren't available yet",
			deployment(1, 2, { conditions: [condition("Available", "True")] }),
			[],
			0,
			["Minimum number of Pods to consider the application live was not attained"],
		],
		["reports a pod that is being created", deployment(1, 2, {}), [waitingPod()], 0, [minimum, notReady]],
		[
			"says why a pod isn't scheduled",
			deployment(1, 2, {}),
			[unscheduled],
			0,
			[minimum, "[Pod echo-y]: 0/4 nodes are available"],
		],
		[
			"says why a container doesn't run",
			deployment(1, 2, {}),
			[waitingPod("CrashLoopBackOff")],
			0,
			[minimum, `${notReady}[CrashLoopBackOff] because`],
		],
	])("%s", (_, object, pods, available, reasons) => {
		const status =
			available === undefined ? "" : `Waiting for app ReplicaSet to be available (${available}/2 Pods available)`;
		expect(readiness.deployment(object, pods)).toEqual({ ready: available === undefined, status, reasons });
	});

	it.each(["ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName"])(
		"a container with %s lacks its image",
		(reason) => {
			const seen = readiness.deployment(deployment(1, 1, {}), [waitingPod(reason)]);
			expect(seen.imageMissing).toBe(true);
			expect(seen.reasons[1]).toBe(`${notReady}[${reason}] because`);
		},
	);

	it.each([
		["a pod that is being deleted", waitingPod("ErrImagePull", image, new Date())],
		["a pod of the previous template", waitingPod("ErrImagePull", "old:1")],
	])("ignores %s", (_, pod) => {
		expect(readiness.deployment(deployment(1, 1, {}), [pod]).imageMissing).toBeUndefined();
	});
});

describe("a DaemonSet", () => {
	const daemonSet = (observedGeneration: number, wanted: number, updated: number, available: number): V1DaemonSet => ({
		metadata: { generation: 2 },
		spec: newSpec,
		status: {
			observedGeneration,
			desiredNumberScheduled: wanted,
			updatedNumberScheduled: updated,
			numberAvailable: available,
			currentNumberScheduled: wanted,
			numberMisscheduled: 0,
			numberReady: available,
		},
	});
	it.each<[string, V1DaemonSet, string]>([
		["is ready on every node", daemonSet(2, 4, 4, 4), ""],
		["is ready if no node is selected", daemonSet(2, 0, 0, 0), ""],
		[
			"waits for the new generation",
			daemonSet(1, 4, 4, 4),
			"DaemonSet generation is 2, but latest observed generation is 1",
		],
		["waits for the rollout", daemonSet(2, 4, 3, 4), "Updated: 3/4"],
		["waits for the last pod", daemonSet(2, 4, 4, 3), "Available: 3/4"],
	])("%s", (_, object, status) => {
		expect(readiness.daemonSet(object, [])).toEqual({ ready: status === "", status, reasons: [] });
	});
	it("reports a missing image", () => {
		expect(readiness.daemonSet(daemonSet(2, 1, 1, 0), [waitingPod("ErrImageNeverPull")]).imageMissing).toBe(true);
	});
});

describe("a Pod", () => {
	const metadata = { name: "p", namespace: "lab" };
	it.each<[string, V1Pod["status"], Partial<readiness.Readiness>]>([
		[
			"is ready by its condition",
			{ conditions: [...started, condition("Ready", "True")] },
			{ ready: true, status: "" },
		],
		["is ready once it has succeeded", { phase: "Succeeded" }, { ready: true, status: "" }],
		["waits to be scheduled", {}, { ready: false, status: 'Waiting for Pod "lab/p" to be scheduled', reasons: [] }],
		[
			"waits to be initialized",
			{ conditions: [condition("PodScheduled", "True"), condition("Initialized", "False", "incomplete")] },
			{ status: 'Waiting for Pod "lab/p" to be initialized', reasons: ["[Pod lab/p]: incomplete"] },
		],
		[
			"waits to be ready",
			{ phase: "Running", conditions: [...started, condition("Ready", "False")] },
			{ ready: false, status: 'Waiting for Pod "lab/p" to be ready' },
		],
		[
			"has failed for good",
			{ phase: "Failed", reason: "Evicted", message: "no disk" },
			{ ready: false, failed: true, reasons: ["[Evicted] no disk"] },
		],
	])("%s", (_, status, expected) => expect(readiness.pod({ metadata, status } as V1Pod)).toMatchObject(expected));

	it("reports the container's last end", () => {
		const terminated = { exitCode: 2, reason: "Error", finishedAt: "2026-01-01T00:00:00Z" as never };
		const containerStatuses = [{ ...container, lastState: { terminated } }];
		const seen = readiness.pod({ metadata, status: { conditions: [...started, unready], containerStatuses } });
		expect(seen.reasons[0]).toMatch(/container "echo" terminated at 2026-01-01T00:00:00Z \(Error: exit code 2\)$/);
	});

	it("reports its own missing image", () => {
		expect(readiness.pod(waitingPod("ErrImagePull"))).toMatchObject({ ready: false, imageMissing: true });
	});
});

describe("a Job", () => {
	const job = (status: V1Job["status"]): V1Job => ({
		metadata: { name: "calls", namespace: "lab" },
		spec: { template },
		...(status && { status }),
	});
	const startTime = "2026-01-01T00:00:00Z" as never;
	const waiting = (active: number, succeeded: number, failed: number) =>
		`Waiting for Job "lab/calls" to succeed (Active: ${active} | Succeeded: ${succeeded} | Failed: ${failed})`;
	const ended = (exitCode: number): V1Pod => ({
		metadata: { name: "calls-x", namespace: "lab" },
		spec: { nodeName: "w1", containers: [] },
		status: {
			phase: exitCode === 0 ? "Succeeded" : "Failed",
			conditions: [...started, condition("Ready", "False")],
			containerStatuses: [{ ...container, state: { terminated: { exitCode, reason: "Error" } } }],
		},
	});
	const complete = { conditions: [condition("Complete", "True")] };
	const gaveUp = { startTime, conditions: [condition("Failed", "True", "reached the limit", "BackoffLimitExceeded")] };
	const failure = '[Pod lab/calls-x]: container "echo" completed with exit code 28';

	it.each<[string, V1Job, V1Pod[], Partial<readiness.Readiness>]>([
		["is ready once it is complete", job(complete), [ended(0)], readiness.ready],
		["is ready once it is complete, even if a pod has failed", job(complete), [ended(1)], readiness.ready],
		[
			"waits to start",
			job(undefined),
			[],
			{ ready: false, status: 'Waiting for Job "lab/calls" to start', reasons: [] },
		],
		[
			"waits while a condition isn't met",
			job({ startTime, conditions: [condition("Complete", "False")], active: 2, succeeded: 1 }),
			[],
			{ ready: false, status: waiting(2, 1, 0), reasons: [] },
		],
		[
			"says how a container ended, and waits as long as the controller tries again",
			job({ startTime, active: 1, failed: 1 }),
			[ended(28)],
			{ ready: false, status: waiting(1, 0, 1), reasons: [failure] },
		],
		[
			"has failed once the controller gives up",
			job(gaveUp),
			[ended(0), ended(28)],
			{
				ready: false,
				failed: true,
				status: waiting(0, 0, 0),
				reasons: ["[BackoffLimitExceeded] reached the limit", failure],
			},
		],
	])("%s", (_, object, pods, expected) => expect(readiness.job(object, pods)).toEqual(expected));

	it("reports a missing image", () => {
		expect(readiness.job(job({ active: 1 }), [waitingPod("ErrImageNeverPull")]).imageMissing).toBe(true);
	});
});
