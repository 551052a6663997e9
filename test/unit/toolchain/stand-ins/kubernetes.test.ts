import type * as grpc from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statuses from "@pulumi/pulumi/proto/status_pb.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromStruct, type Properties, secret, unknown } from "../../../../toolchain/stand-ins/protocol/properties.ts";
import { ApiServer } from "./apiServer.ts";
import { builtStandIn, type Plugin, startPlugin, type Target } from "./plugin.ts";

const { Kind } = messages.PropertyDiff;

describe("the kubernetes provider", () => {
	const configMap = { type: "kubernetes:core/v1:ConfigMap" };
	const pod = { type: "kubernetes:core/v1:Pod" };
	const path = "/api/v1/namespaces/lab/configmaps/c";
	const inputs: Properties = {
		apiVersion: "v1",
		kind: "ConfigMap",
		metadata: { name: "c", namespace: "lab" },
		data: { open: "1", key: secret("2") },
	};
	const clear = { ...inputs, data: { open: "1", key: "2" } };

	const executable = builtStandIn("kubernetes");
	let server: ApiServer;
	let plugin: Plugin;
	beforeEach(async () => {
		server = new ApiServer();
		plugin = await startPlugin(executable());
	});
	afterEach(async () => {
		server.stop();
		expect(await plugin.stop()).toBe(0);
	});

	describe("with a cluster", () => {
		beforeEach(async () => {
			await plugin.configure({ kubeconfig: secret(await server.start()), namespace: "lab" });
		});

		it("keeps the object as the cluster has it, with the program's secrets at their places", async () => {
			const { id, state } = await plugin.create(configMap, inputs);
			expect(id).toBe("lab/c");
			expect(state).toEqual({
				...inputs,
				metadata: { name: "c", namespace: "lab", uid: "uid-1" },
				__inputs: inputs,
				__initialApiVersion: "v1",
				__fieldManager: expect.stringMatching(/^pulumi-kubernetes-[0-9a-f]{8}$/),
			});
			expect(server.objects.get(path)).toMatchObject({ data: { open: "1", key: "2" } });
		});

		it("asks the cluster for a preview, which changes nothing", async () => {
			const { id, state } = await plugin.create(configMap, inputs, { preview: true });
			expect(id).toBe("");
			expect(state).toMatchObject({ metadata: { uid: "uid-1" }, data: { key: secret("2") } });
			expect(server.objects.size).toBe(0);
		});

		it("asks nothing for a preview of what is not known yet", async () => {
			const open = { ...inputs, data: { open: unknown } };
			expect(await plugin.create(configMap, open, { preview: true })).toEqual({ id: "", state: open });
			expect(server.methods()).toEqual(["GET"]);
		});

		it("leaves an object alone that it did not make", async () => {
			server.objects.set(path, clear);
			await expect(plugin.create(configMap, inputs)).rejects.toMatchObject({
				details: expect.stringMatching(
					/ConfigMap lab\/c already exists.*pulumi import kubernetes:core\/v1:ConfigMap res lab\/c/,
				),
			});
			expect(server.methods()).not.toContain("PATCH");
		});

		it("tells the engine of a half-made object, so that the next update goes on with it", async () => {
			const manifest = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "lab" } };
			const error = await plugin.create(pod, manifest, { timeout: 0.1 }).catch((caught: grpc.ServiceError) => caught);
			const [details] = (error as grpc.ServiceError).metadata.get("grpc-status-details-bin");
			const [detail] = statuses.Status.deserializeBinary(details as Buffer).getDetailsList();
			expect(detail?.getTypeUrl()).toBe("type.googleapis.com/pulumirpc.ErrorResourceInitFailed");
			const failed = messages.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
			expect(failed.getId()).toBe("lab/p");
			expect(fromStruct(failed.getProperties())).toMatchObject({ ...manifest, __inputs: manifest });
			expect(failed.getReasonsList()).toEqual([
				"Pod lab/p exists, but: not ready after 0.1 s",
				"the pod is not ready (phase unknown)",
			]);
		});

		it("reads an object that the program only names", async () => {
			server.objects.set("/api/v1/nodes/n", {
				kind: "Node",
				metadata: { name: "n", uid: "u" },
				status: { phase: "x" },
			});
			const found = await plugin.read({ type: "kubernetes:core/v1:Node" }, "n");
			expect(found).toMatchObject({ id: "n", state: { status: { phase: "x" } } });
			expect(found.inputs).toEqual({ kind: "Node", metadata: { name: "n" } });
		});

		it("reads drift into the inputs, and keeps secrets secret", async () => {
			const { state } = await plugin.create(configMap, inputs);
			server.objects.set(path, { ...clear, data: { open: "drifted", key: "2", added: "x" } });
			const found = await plugin.read(configMap, "lab/c", state, inputs);
			expect(found.inputs).toEqual({ ...inputs, data: { open: "drifted", key: secret("2") } });
			expect(found.state).toMatchObject({ __fieldManager: state.__fieldManager, data: { added: "x" } });
		});

		it("finds nothing where an object is gone, and nothing to delete", async () => {
			expect((await plugin.read(configMap, "lab/c", {}, inputs)).id).toBe("");
			await plugin.remove(configMap, "lab/c");
			expect(server.methods()).not.toContain("DELETE");
		});

		it("deletes", async () => {
			await plugin.create(configMap, inputs);
			await plugin.remove(configMap, "lab/c");
			expect(server.objects.size).toBe(0);
		});
	});

	it.each<[string, Target, Properties, Properties, object]>([
		[
			"an update",
			configMap,
			{ metadata: { labels: { a: "1" } } },
			{ metadata: { labels: { a: "2" } } },
			{
				details: { "metadata.labels.a": Kind.UPDATE },
				replaces: [],
				deleteFirst: false,
			},
		],
		[
			"a replacement under the same name, the old one first",
			configMap,
			{ data: { a: "1" } },
			{ data: { a: "2" } },
			{
				details: { "data.a": Kind.UPDATE_REPLACE },
				replaces: ["data.a"],
				deleteFirst: true,
			},
		],
		[
			"a replacement under another name, the new one first",
			pod,
			{ metadata: { name: "a" } },
			{ metadata: { name: "b" } },
			{
				details: { "metadata.name": Kind.UPDATE_REPLACE },
				replaces: ["metadata.name"],
				deleteFirst: false,
			},
		],
		[
			"nothing for a value that became secret",
			configMap,
			{ data: { a: "1" } },
			{ data: { a: secret("1") } },
			{
				details: {},
				replaces: [],
				deleteFirst: false,
			},
		],
	])("plans %s", async (_, target, old, now, expected) =>
		expect(await plugin.diff(target, old, now)).toEqual(expected),
	);

	it("refuses other kinds by name", async () => {
		const { reasons } = await plugin.check({ type: "kubernetes:core/v1:Secret" }, {});
		expect(reasons).toEqual([
			expect.stringContaining("kubernetes:core/v1:Secret is not supported by the lab's stand-in"),
		]);
	});

	describe("without a cluster", () => {
		const gone = { kubeconfig: "/nowhere/kubeconfig" };

		it("still checks and previews", async () => {
			await plugin.configure(gone);
			expect((await plugin.check(configMap, inputs)).reasons).toEqual([]);
			expect(await plugin.create(configMap, inputs, { preview: true })).toEqual({ id: "", state: inputs });
		});

		it("fails all else, and says what to do where the cluster is gone for good", async () => {
			await plugin.configure(gone);
			const advice = {
				details: expect.stringMatching(/its cluster is unreachable.*PULUMI_K8S_DELETE_UNREACHABLE=true/),
			};
			await expect(plugin.create(configMap, inputs)).rejects.toMatchObject({
				details: expect.stringContaining("configured Kubernetes cluster is unreachable"),
			});
			await expect(plugin.read(configMap, "lab/c", {}, inputs)).rejects.toMatchObject(advice);
			await expect(plugin.remove(configMap, "lab/c")).rejects.toMatchObject(advice);
		});

		it("takes its resources for deleted with deleteUnreachable", async () => {
			await plugin.configure({ ...gone, deleteUnreachable: "true" });
			expect((await plugin.read(configMap, "lab/c", {}, inputs)).id).toBe("");
			await plugin.remove(configMap, "lab/c");
		});

		it("takes its resources for unchanged with skipUpdateUnreachable", async () => {
			await plugin.configure({ ...gone, skipUpdateUnreachable: "true" });
			expect(await plugin.read(configMap, "lab/c", clear, inputs)).toEqual({ id: "lab/c", state: clear, inputs });
		});
	});
});
