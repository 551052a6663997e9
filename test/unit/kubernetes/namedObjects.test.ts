import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Cluster } from "../../../kubernetes/liveCluster.ts";
import { findNamespace, findPod, removeObject } from "../../../kubernetes/namedObjects.ts";
import { ApiServer } from "../apiServer.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
let server: ApiServer;
let cluster: Cluster;

const podPath = "/api/v1/namespaces/lab/pods/dnsutils";
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "dnsutils", namespace: "lab" } };

beforeEach(async () => {
	server = new ApiServer();
	const kubeconfig = join(folder.path, "kubeconfig");
	await writeFile(kubeconfig, await server.start());
	cluster = new Cluster({ kubeconfig });
	server.objects.set("/api/v1", { resources: [{ kind: "Pod", name: "pods", namespaced: true }] });
});
afterEach(() => server.stop());

it("reads an object by its name", async () => {
	server.objects.set("/api/v1/namespaces/lab", {
		metadata: { uid: "u1", annotations: { "nodeport-lab/owner": "m1" } },
	});
	server.objects.set(podPath, { ...pod, status: { phase: "Failed" } });
	expect((await findNamespace(cluster, "lab"))?.metadata).toMatchObject({
		uid: "u1",
		annotations: { "nodeport-lab/owner": "m1" },
	});
	expect((await findPod(cluster, "lab", "dnsutils"))?.status?.phase).toBe("Failed");
});

it("finds nothing if there is no such object", async () => {
	expect(await findNamespace(cluster, "lab")).toBeUndefined();
	expect(await findPod(cluster, "lab", "dnsutils")).toBeUndefined();
});

it("reports what it may not read, in the API server's words", async () => {
	server.intercept = () => ({ status: 403, body: { kind: "Status", message: "namespaces is forbidden" } });
	await expect(findNamespace(cluster, "lab")).rejects.toThrow(/^Namespace lab: .*403, namespaces is forbidden$/);
});

it("removes an object and waits until it is gone", async () => {
	let reads = 0;
	server.objects.set(podPath, pod);
	server.intercept = ({ method, path }) =>
		method === "GET" && path === podPath && ++reads < 3 ? { status: 200, body: pod } : undefined;
	await removeObject(cluster, pod);
	expect(server.asked.filter(({ path }) => path === podPath).map(({ method }) => method)).toEqual([
		"DELETE",
		"GET",
		"GET",
		"GET",
	]);
});

it("succeeds if there is nothing to remove", async () => {
	await removeObject(cluster, pod);
	expect(server.methods().filter((method) => method === "DELETE")).toHaveLength(1);
});

it("fails if the object still exists when the time is over", async () => {
	server.intercept = ({ path }) => (path === podPath ? { status: 200, body: pod } : undefined);
	await expect(removeObject(cluster, pod, 0.5)).rejects.toThrow(
		"Pod lab/dnsutils still exists 0.5 s after its removal",
	);
});
