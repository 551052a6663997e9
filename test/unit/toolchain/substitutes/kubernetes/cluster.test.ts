import { describe, expect, it } from "vitest";
import type { ObjectRef } from "../../../../../toolchain/substitutes/kubernetes/cluster.ts";
import { cluster, kind, manifest, pod, podPath, server } from "./podServer.ts";

const options = { fieldManager: "pulumi-kubernetes-1", dryRun: false };

describe("a cluster", () => {
	it.each<[string, ObjectRef, string]>([
		["a namespaced core object", pod, podPath],
		[
			"an object in a group",
			{ ...pod, kind: kind("apps/v1:Deployment") },
			"/apis/apps/v1/namespaces/lab/deployments/p",
		],
		["a Job", { ...pod, kind: kind("batch/v1:Job") }, "/apis/batch/v1/namespaces/lab/jobs/p"],
		["a cluster-scoped object", { kind: kind("core/v1:Node"), name: "n" }, "/api/v1/nodes/n"],
	])("gets %s from its path", async (_, ref, path) => {
		await expect(cluster.get(ref)).rejects.toThrow(`${path} not found`);
		expect(await cluster.find(ref)).toBeUndefined();
	});

	it("applies objects as the program's field manager; a dry run changes nothing", async () => {
		await cluster.apply(pod, manifest, { ...options, dryRun: true });
		expect(server.asked[0]).toMatchObject({
			method: "PATCH",
			path: podPath,
			query: { fieldManager: "pulumi-kubernetes-1", force: "true", dryRun: "All" },
			contentType: "application/apply-patch+yaml",
			body: manifest,
		});
		expect(await cluster.find(pod)).toBeUndefined();
		await cluster.apply(pod, manifest, options);
		expect(server.asked.at(-1)?.query).toEqual({ fieldManager: "pulumi-kubernetes-1", force: "false" });
		expect(await cluster.find(pod)).toMatchObject(manifest);
	});

	it("deletes an object after everything that it owns", async () => {
		await cluster.apply(pod, manifest, options);
		await cluster.delete(pod);
		expect(server.asked.at(-1)).toMatchObject({ method: "DELETE", body: { propagationPolicy: "Foreground" } });
		expect(await cluster.find(pod)).toBeUndefined();
	});

	it("reports the API server's message", async () => {
		server.intercept = () => ({ status: 422, body: { kind: "Status", message: "spec.x: Invalid value" } });
		await expect(cluster.apply(pod, manifest, options)).rejects.toThrow("spec.x: Invalid value");
	});
});

describe("a conflict", () => {
	const conflictWith = (...managers: string[]) => {
		const causes = managers.map((name) => ({ message: `conflict with "${name}" using v1`, field: ".spec.x" }));
		server.intercept = ({ query }) =>
			query.force === "true" ? undefined : { status: 409, body: { message: "1 conflict", details: { causes } } };
	};
	it.each([["kubectl"], ["kubectl-edit"], ["pulumi-kubernetes-9"], ["before-first-apply"]])(
		"with %s, which acts for the same user, is decided for the program",
		async (manager) => {
			conflictWith(manager);
			expect(await cluster.apply(pod, manifest, options)).toMatchObject(manifest);
			expect(server.asked.map(({ query }) => query.force)).toEqual(["false", "true"]);
		},
	);
	it("with another manager fails and names it", async () => {
		conflictWith("kubectl", "argo");
		await expect(cluster.apply(pod, manifest, options)).rejects.toThrow(
			/another field manager \(kubectl, argo\).*1 conflict/,
		);
		expect(server.methods()).toEqual(["PATCH"]);
	});
});
