import type * as grpc from "@grpc/grpc-js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statuses from "@pulumi/pulumi/proto/status_pb.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromStruct, type Properties, secret } from "../../../../../toolchain/substitutes/protocol/properties.ts";
import { ApiServer } from "../../../apiServer.ts";
import { builtSubstitute, type Plugin, startPlugin, type Target } from "../plugin.ts";

const { Kind } = messages.PropertyDiff;

describe("the kubernetes provider", () => {
	const service = { type: "kubernetes:core/v1:Service" };
	const pod = { type: "kubernetes:core/v1:Pod" };
	const path = "/api/v1/namespaces/lab/services/s";
	const metadata = { name: "s", namespace: "lab", annotations: { "pulumi.com/skipAwait": "true" } };
	const spec = { type: "NodePort", clusterIP: secret("10.96.0.9") };
	const inputs: Properties = { apiVersion: "v1", kind: "Service", metadata, spec };
	const clear = { ...inputs, spec: { ...spec, clusterIP: "10.96.0.9" } };

	const executable = builtSubstitute("kubernetes");
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
			await plugin.configure({ kubeconfig: secret(await server.start()), clusterIdentifier: "a" });
		});

		it("records the object as the cluster has it, with the program's secrets marked", async () => {
			const { id, state } = await plugin.create(service, inputs);
			expect(id).toBe("lab/s");
			expect(state).toEqual({
				...inputs,
				metadata: { ...metadata, uid: "uid-1" },
				__inputs: inputs,
				__initialApiVersion: "v1",
				__fieldManager: expect.stringMatching(/^pulumi-kubernetes-[0-9a-f]{8}$/),
			});
			expect(server.objects.get(path)).toMatchObject(clear);
		});

		it("doesn't call the cluster to preview a creation", async () => {
			expect(await plugin.create(service, inputs, { preview: true })).toEqual({ id: "", state: inputs });
			expect(server.methods()).toEqual(["GET"]);
		});

		it("previews an update by a dry run", async () => {
			const { id, state } = await plugin.create(service, inputs);
			const wanted = { ...inputs, spec: { ...spec, type: "ClusterIP" } };
			const foreseen = await plugin.update(service, id, state, wanted, { preview: true });
			expect(foreseen).toMatchObject({ metadata: { uid: "uid-1" }, spec: wanted.spec });
			expect(server.objects.get(path)).toMatchObject(clear);
		});

		it("doesn't change an object that it didn't create", async () => {
			server.objects.set(path, clear);
			await expect(plugin.create(service, inputs)).rejects.toMatchObject({
				details: expect.stringMatching(
					/Service lab\/s already exists and isn't managed by this stack.*pulumi import kubernetes:core\/v1:Service res lab\/s/,
				),
			});
			expect(server.methods()).not.toContain("PATCH");
		});

		it("reports an object that isn't ready as created, so that the next update continues with it", async () => {
			const manifest = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "lab" } };
			const error = await plugin.create(pod, manifest, { timeout: 0.1 }).catch((caught: grpc.ServiceError) => caught);
			const [details] = (error as grpc.ServiceError).metadata.get("grpc-status-details-bin");
			const [detail] = statuses.Status.deserializeBinary(details as Buffer).getDetailsList();
			expect(detail?.getTypeUrl()).toBe("type.googleapis.com/pulumirpc.ErrorResourceInitFailed");
			const failed = messages.ErrorResourceInitFailed.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array());
			expect(failed.getId()).toBe("lab/p");
			expect(fromStruct(failed.getProperties())).toMatchObject({ ...manifest, __inputs: manifest });
			expect(failed.getReasonsList()).toEqual([
				expect.stringMatching(
					/^resource "urn:\S+" was successfully created, but the Kubernetes API server reported that it failed to fully initialize or become live: 'p' timed out waiting to be Ready$/,
				),
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
			const { state } = await plugin.create(service, inputs);
			server.objects.set(path, { ...clear, spec: { ...clear.spec, type: "ClusterIP", added: "x" } });
			const found = await plugin.read(service, "lab/s", state, inputs);
			expect(found.inputs).toEqual({ ...inputs, spec: { ...spec, type: "ClusterIP" } });
			expect(found.state).toMatchObject({ __fieldManager: state.__fieldManager, spec: { added: "x" } });
		});

		it("reads and deletes nothing if the object doesn't exist", async () => {
			expect((await plugin.read(service, "lab/s", {}, inputs)).id).toBe("");
			await plugin.remove(service, "lab/s");
			expect(server.methods()).not.toContain("DELETE");
		});

		describe("and a Job", () => {
			const job = { type: "kubernetes:batch/v1:Job" };
			const jobPath = "/apis/batch/v1/namespaces/lab/jobs/j";
			const manifest = { apiVersion: "batch/v1", kind: "Job", metadata: { name: "j", namespace: "lab" } };
			const put = (type: string) => {
				const known = server.objects.get(jobPath);
				if (known) server.objects.set(jobPath, { ...known, status: { conditions: [{ type, status: "True" }] } });
				return known;
			};

			it("waits until it is complete", async () => {
				const created = plugin.create(job, manifest);
				await expect.poll(() => put("Complete")).toBeDefined();
				expect((await created).state).toMatchObject({ status: { conditions: [{ type: "Complete" }] } });
			});

			it("fails at once if the Job fails, and records it", async () => {
				const created = plugin.create(job, manifest).catch(({ details }: grpc.ServiceError) => details);
				await expect.poll(() => put("Failed")).toBeDefined();
				expect(await created).toContain("become live: Resource 'j' was created but failed to initialize");
			});

			it("deletes its pods before it", async () => {
				server.objects.set(jobPath, { ...manifest, metadata: { ...manifest.metadata, uid: "uid-1" } });
				await plugin.remove(job, "lab/j");
				expect(server.asked.find(({ method }) => method === "DELETE")).toMatchObject({
					path: jobPath,
					body: { propagationPolicy: "Foreground" },
				});
				expect(server.objects.size).toBe(0);
			});
		});

		it("deletes", async () => {
			await plugin.create(service, inputs);
			await plugin.remove(service, "lab/s");
			expect(server.objects.size).toBe(0);
		});

		it("deletes only the object that it created, not another one with its name", async () => {
			const { state } = await plugin.create(service, inputs);
			server.objects.set(path, { ...clear, metadata: { name: "s", namespace: "lab", uid: "another" } });
			await plugin.remove(service, "lab/s", state);
			expect(server.objects.size).toBe(1);
			server.objects.set(path, { ...clear, metadata: state.metadata as Properties });
			await plugin.remove(service, "lab/s", state);
			expect(server.objects.size).toBe(0);
		});
	});

	it.each<[string, Target, Properties, Properties, object]>([
		[
			"an update",
			service,
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
			pod,
			{ spec: { a: "1" } },
			{ spec: { a: "2" } },
			{
				details: { "spec.a": Kind.UPDATE_REPLACE },
				replaces: ["spec.a"],
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
			"a replacement of a Job with another pod template",
			{ type: "kubernetes:batch/v1:Job" },
			{ spec: { backoffLimit: 1, template: { spec: { a: "1" } } } },
			{ spec: { backoffLimit: 2, template: { spec: { a: "2" } } } },
			{
				details: { "spec.backoffLimit": Kind.UPDATE, "spec.template.spec.a": Kind.UPDATE_REPLACE },
				replaces: ["spec.template.spec.a"],
				deleteFirst: true,
			},
		],
		[
			"an update of a Job with another deadline",
			{ type: "kubernetes:batch/v1:Job" },
			{ spec: { activeDeadlineSeconds: 1 } },
			{ spec: { activeDeadlineSeconds: 2 } },
			{ details: { "spec.activeDeadlineSeconds": Kind.UPDATE }, replaces: [], deleteFirst: false },
		],
		[
			"nothing for a value that became secret",
			service,
			{ spec: { a: "1" } },
			{ spec: { a: secret("1") } },
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
			expect.stringContaining("kubernetes:core/v1:Secret is not supported by the built-in substitute for the plugin"),
		]);
	});

	describe("without a cluster", () => {
		const gone = { kubeconfig: '{"current-context": "gone"}' };

		it("still checks and previews", async () => {
			await plugin.configure(gone);
			expect((await plugin.check(service, inputs)).reasons).toEqual([]);
			expect(await plugin.create(service, inputs, { preview: true })).toEqual({ id: "", state: inputs });
		});

		it("fails everything else, and names the setting for a deleted cluster", async () => {
			await plugin.configure(gone);
			const advice = {
				details: expect.stringMatching(
					/cluster is unreachable.*If it was deleted, set deleteUnreachable on its Provider/,
				),
			};
			await expect(plugin.create(service, inputs)).rejects.toMatchObject({
				details: expect.stringContaining("configured Kubernetes cluster is unreachable"),
			});
			await expect(plugin.read(service, "lab/s", {}, inputs)).rejects.toMatchObject(advice);
			await expect(plugin.remove(service, "lab/s")).rejects.toMatchObject(advice);
		});

		it("treats its resources as deleted with deleteUnreachable", async () => {
			await plugin.configure({ ...gone, deleteUnreachable: "true" });
			expect((await plugin.read(service, "lab/s", {}, inputs)).id).toBe("");
			await plugin.remove(service, "lab/s");
		});
	});
});
