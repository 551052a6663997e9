import { beforeEach, describe, expect, it } from "vitest";
import { untilGone, untilReady } from "../../../../../toolchain/substitutes/kubernetes/awaiting.ts";
import type { Properties } from "../../../../../toolchain/substitutes/protocol/properties.ts";
import { cluster, kind, manifest, pod, podPath, server } from "./podServer.ts";

describe("waiting until an object is ready", () => {
	const said: string[] = [];
	const wait = (timeout: number, signal = new AbortController().signal) =>
		untilReady(cluster, pod, manifest, { timeout, signal, report: (message) => said.push(message) });
	const put = (status: Properties) => server.objects.set(podPath, { ...manifest, status });
	beforeEach(() => said.splice(0));

	it("returns the object as it is then", async () => {
		put({ phase: "Pending" });
		const waited = wait(10);
		await expect.poll(() => said).toEqual(['Waiting for Pod "lab/p" to be scheduled']);
		put({ phase: "Succeeded" });
		expect(await waited).toMatchObject({ reasons: [], live: { status: { phase: "Succeeded" } } });
	});

	it("ends at the timeout, with the reasons and the object", async () => {
		put({ phase: "Pending" });
		expect(await wait(0.1)).toMatchObject({
			reasons: ["'p' timed out waiting to be Ready"],
			live: { status: { phase: "Pending" } },
		});
	});

	it("ends at once when it is cancelled", async () => {
		put({ phase: "Pending" });
		const controller = new AbortController();
		const waited = wait(10, controller.signal);
		await expect.poll(() => said).toHaveLength(1);
		const cancelled = performance.now();
		controller.abort();
		expect((await waited).reasons).toEqual(['Resource operation was cancelled for "p"']);
		expect(performance.now() - cancelled).toBeLessThan(400);
	});

	it("ends when the object is deleted, with its last known state", async () => {
		const { live, reasons } = await wait(10);
		expect(live).toBe(manifest);
		expect(reasons).toEqual([
			"Resource 'p' was created but failed to initialize",
			`can't read the object: ${podPath} not found`,
		]);
	});

	it("tolerates an API server that doesn't answer for a moment", async () => {
		put({ phase: "Succeeded" });
		let first = true;
		server.intercept = () => {
			const answer = first ? { status: 503, body: { message: "starting" } } : undefined;
			first = false;
			return answer;
		};
		expect((await wait(10)).reasons).toEqual([]);
		expect(said).toEqual(["can't read the object: starting", ""]);
	});

	it("reads the pods of a workload by its selector", async () => {
		const ref = { ...pod, kind: kind("apps/v1:Deployment") };
		const spec = { replicas: 1, selector: { matchLabels: { app: "x" } } };
		const metadata = { name: "p", namespace: "lab", generation: 1 };
		server.objects.set("/apis/apps/v1/namespaces/lab/deployments/p", {
			metadata,
			spec,
			status: { observedGeneration: 1 },
		});
		server.objects.set("/api/v1/namespaces/lab/pods", { items: [] });
		const waiting = { timeout: 0.1, signal: new AbortController().signal, report: () => {} };
		expect((await untilReady(cluster, ref, {}, waiting)).reasons).toContain(
			"Minimum number of live Pods was not attained",
		);
		expect(server.asked[1]).toMatchObject({ path: "/api/v1/namespaces/lab/pods", query: { labelSelector: "app=x" } });
	});
});

describe("waiting until an object is deleted", () => {
	const wait = (timeout: number, report = (_: string) => {}) =>
		untilGone(cluster, pod, "u1", { timeout, signal: new AbortController().signal, report });
	const put = (metadata: Properties) => server.objects.set(podPath, { ...manifest, metadata });

	it("reports the finalizers", async () => {
		const said: string[] = [];
		put({ uid: "u1", finalizers: ["foregroundDeletion"] });
		const gone = wait(10, (message) => said.push(message));
		await expect.poll(() => said).toEqual(["waiting for the deletion (finalizers: foregroundDeletion)"]);
		server.objects.delete(podPath);
		await gone;
	});
	it("ends when another object has the name", async () => {
		put({ uid: "u2" });
		await wait(10);
	});
	it("fails at the timeout", async () => {
		put({ uid: "u1" });
		await expect(wait(0.1)).rejects.toThrow("it still exists after 0.1 s");
	});
});
