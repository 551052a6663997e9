import type { V1DaemonSet, V1Deployment, V1Job, V1Pod } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import * as readiness from "../../../../toolchain/substitutes/kubernetes/readiness.ts";

const image = "nodeport-lab/echo:1";
const template = { spec: { containers: [{ name: "echo", image }] } };
const newSpec = { selector: {}, template };

/** A pod on node w1 whose container waits for the reason given; without one, it is merely being made. */
const waitingPod = (reason = "ContainerCreating", own = image, deletionTimestamp?: Date): V1Pod => ({
	metadata: { name: "echo-x", ...(deletionTimestamp && { deletionTimestamp }) },
	spec: { nodeName: "w1", containers: [{ name: "echo", image: own }] },
	status: {
		phase: "Pending",
		containerStatuses: [
			{
				name: "echo",
				image: own,
				imageID: "",
				ready: false,
				restartCount: 0,
				state: { waiting: { reason, message: "because" } },
			},
		],
	},
});
const unscheduled: V1Pod = {
	metadata: { name: "echo-y" },
	spec: template.spec,
	status: { conditions: [{ type: "PodScheduled", status: "False", message: "0/4 nodes are available" }] },
};

describe("a Deployment", () => {
	const deployment = (generation: number, replicas: number, status: V1Deployment["status"]): V1Deployment => ({
		metadata: { generation },
		spec: { ...newSpec, replicas },
		status: { observedGeneration: generation, ...status },
	});
	const two = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

	it.each<[string, V1Deployment, V1Pod[], string[]]>([
		["is ready with all replicas new and available", deployment(1, 2, two), [], []],
		["is ready when it is to have none", deployment(1, 0, {}), [], []],
		[
			"waits while its status is about an older generation",
			deployment(2, 2, { ...two, observedGeneration: 1 }),
			[],
			["the controller has not seen the change yet"],
		],
		[
			"waits while replicas of the old template are left",
			deployment(1, 2, { ...two, replicas: 3 }),
			[],
			["2 of 2 replicas are updated, 2 available, old ones left: 1"],
		],
		[
			"waits without a status",
			{ ...deployment(1, 1, {}), status: {} },
			[],
			["the controller has not seen the change yet"],
		],
		[
			"says nothing of a pod that is being made",
			deployment(1, 1, {}),
			[waitingPod()],
			["0 of 1 replicas are updated, 0 available"],
		],
		[
			"says why a pod is not scheduled",
			deployment(1, 1, {}),
			[unscheduled],
			["0 of 1 replicas are updated, 0 available", "pod echo-y is not scheduled: 0/4 nodes are available"],
		],
		[
			"says why a container does not run",
			deployment(1, 1, {}),
			[waitingPod("CrashLoopBackOff")],
			["0 of 1 replicas are updated, 0 available", "node w1 (pod echo-x, container echo): CrashLoopBackOff: because"],
		],
	])("%s", (_, object, pods, reasons) => {
		expect(readiness.deployment(object, pods)).toEqual({ ready: reasons.length === 0, reasons });
	});

	it.each(["ErrImagePull", "ErrImageNeverPull", "ImagePullBackOff", "InvalidImageName"])(
		"names the image and the node at %s",
		(reason) => {
			const seen = readiness.deployment(deployment(1, 1, {}), [waitingPod(reason)]);
			expect(seen.imageMissing).toBe(true);
			expect(seen.reasons[1]).toBe(
				`image ${image} is missing on node w1 (pod echo-x, container echo): ${reason}: because`,
			);
		},
	);

	it.each([
		["a pod that is on its way out", waitingPod("ErrImagePull", image, new Date())],
		["a pod of the template before", waitingPod("ErrImagePull", "old:1")],
	])("does not blame %s", (_, pod) => {
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
	it.each<[string, V1DaemonSet, string[]]>([
		["is ready on every node", daemonSet(2, 4, 4, 4), []],
		["is ready where no node is meant", daemonSet(2, 0, 0, 0), []],
		["waits for the new generation", daemonSet(1, 4, 4, 4), ["the controller has not seen the change yet"]],
		["waits for the rollout", daemonSet(2, 4, 3, 4), ["3 of 4 pods are updated, 4 available"]],
		["waits for the last pod", daemonSet(2, 4, 4, 3), ["4 of 4 pods are updated, 3 available"]],
	])("%s", (_, object, reasons) => {
		expect(readiness.daemonSet(object, [])).toEqual({ ready: reasons.length === 0, reasons });
	});
	it("names a missing image", () => {
		expect(readiness.daemonSet(daemonSet(2, 1, 1, 0), [waitingPod("ErrImageNeverPull")]).imageMissing).toBe(true);
	});
});

describe("a Pod", () => {
	it.each<[string, V1Pod["status"], Partial<readiness.Readiness>]>([
		["is ready by its condition", { conditions: [{ type: "Ready", status: "True" }] }, { ready: true }],
		["is ready when it has done its work", { phase: "Succeeded" }, { ready: true }],
		[
			"waits while it is not ready",
			{ phase: "Running", conditions: [{ type: "Ready", status: "False" }] },
			{ ready: false },
		],
		["is given up when it failed", { phase: "Failed", reason: "Evicted" }, { ready: false, failed: true }],
	])("%s", (_, status, expected) => expect(readiness.pod({ status } as V1Pod)).toMatchObject(expected));

	it("names its own missing image", () => {
		expect(readiness.pod(waitingPod("ErrImagePull"))).toMatchObject({ ready: false, imageMissing: true });
	});
});

describe("a Job", () => {
	const job = (status: V1Job["status"], spec: Partial<V1Job["spec"]> = {}): V1Job => ({
		spec: { template, ...spec },
		...(status && { status }),
	});
	const condition = (type: string, more = {}) => ({ conditions: [{ type, status: "True", ...more }] });
	const ended = (exitCode: number): V1Pod => ({
		metadata: { name: "calls-x" },
		spec: { nodeName: "w1", containers: [] },
		status: {
			containerStatuses: [
				{
					name: "echo",
					image,
					imageID: "",
					ready: false,
					restartCount: 0,
					state: { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error" } },
				},
			],
		},
	});
	const gaveUp = condition("Failed", { reason: "BackoffLimitExceeded", message: "has reached the limit" });
	const failure = "node w1 (pod calls-x, container echo): Error with exit code 28";

	it.each<[string, V1Job, V1Pod[], Partial<readiness.Readiness>]>([
		["is ready when it is complete", job(condition("Complete")), [ended(0)], { ready: true, reasons: [] }],
		[
			"is ready when it is complete, though a pod failed on the way",
			job(condition("Complete")),
			[ended(1)],
			{ ready: true, reasons: [] },
		],
		[
			"waits before the controller has seen it",
			job(undefined),
			[],
			{ ready: false, reasons: ["0 of 1 pods have succeeded, 0 active, 0 failed"] },
		],
		[
			"waits while a condition does not hold",
			job({ conditions: [{ type: "Complete", status: "False" }], active: 2, succeeded: 1 }, { completions: 3 }),
			[],
			{ ready: false, reasons: ["1 of 3 pods have succeeded, 2 active, 0 failed"] },
		],
		[
			"says how a container ended, and goes on as long as the controller does",
			job({ active: 1, failed: 1 }),
			[ended(28)],
			{ ready: false, reasons: ["0 of 1 pods have succeeded, 1 active, 1 failed", failure] },
		],
		[
			"is given up when the controller gave it up",
			job(gaveUp),
			[ended(0), ended(28)],
			{
				ready: false,
				failed: true,
				reasons: ["the job failed: BackoffLimitExceeded has reached the limit", failure],
			},
		],
		[
			"says that it is suspended",
			job({}, { suspend: true }),
			[],
			{ ready: false, reasons: ["0 of 1 pods have succeeded, 0 active, 0 failed; it is suspended"] },
		],
	])("%s", (_, object, pods, expected) => expect(readiness.job(object, pods)).toEqual(expected));

	it("names a missing image", () => {
		expect(readiness.job(job({ active: 1 }), [waitingPod("ErrImageNeverPull")]).imageMissing).toBe(true);
	});
});
