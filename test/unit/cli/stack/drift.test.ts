import { beforeEach, expect, it } from "vitest";
import { hasDrifted } from "../../../../cli/stack/drift.ts";
import { scratchFolder } from "../../fakePrograms.ts";
import { apiServer } from "../fakeCluster.ts";
import { pending, stateOf } from "../sampleState.ts";

scratchFolder();
const api = apiServer();
const access = { kubeconfig: "k" };

const service = (more: object = {}, spec: object = {}) => ({
	apiVersion: "v1",
	kind: "Service",
	metadata: { name: "front", namespace: "shop", uid: "u", labels: { app: "front" }, ...more },
	spec: { ports: [{ port: 80, nodePort: 30040, protocol: "TCP" }], ...spec },
});
const resource = (outputs: object, more: object = {}) => ({
	urn: "urn:front",
	type: "kubernetes:core/v1:Service",
	outputs,
	...more,
});
const path = "/api/v1/namespaces/shop/services/front";
const known = stateOf([resource(service()), { urn: "urn:c", type: "command:local:Command", outputs: { stdout: "x" } }]);

beforeEach(() => {
	// What a controller writes by itself isn't a drift.
	api.server.objects.set(path, {
		...service({ resourceVersion: "7", managedFields: [], creationTimestamp: "2026-01-01T00:00:00Z" }),
		status: { loadBalancer: {} },
	});
});

it("isn't a drift if every object is as recorded", async () => {
	expect(await hasDrifted(access, known)).toBe(false);
	expect(await hasDrifted(access, stateOf([]))).toBe(false);
});

it("ignores what the stack only reads: the program reads it at each update", async () => {
	const node = { urn: "n", type: "kubernetes:core/v1:Node", external: true, outputs: {} };
	expect(await hasDrifted(access, stateOf([resource(service()), node]))).toBe(false);
});

it.each([
	["has another port", service({}, { ports: [{ port: 81, nodePort: 30040, protocol: "TCP" }] })],
	["has lost a label", service({ labels: {} })],
	["has a new annotation", service({ annotations: { by: "hand" } })],
	["was created again", service({ uid: "v" })],
])("is a drift if an object %s", async (_, live) => {
	api.server.objects.set(path, live);
	expect(await hasDrifted(access, known)).toBe(true);
});

it("is a drift if an object is gone, or the API server doesn't answer", async () => {
	api.server.objects.delete(path);
	expect(await hasDrifted(access, known)).toBe(true);
	api.server.stop();
	expect(await hasDrifted(access, known)).toBe(true);
	expect(await hasDrifted({ kubeconfig: "missing" }, known)).toBe(true);
});

it.each([
	["an interrupted operation", stateOf([resource(service())], [pending("updating", "kubernetes:core/v1:Service")])],
	["an object that didn't get ready", stateOf([resource(service(), { initErrors: ["timeout"] })])],
	["a replaced object that isn't deleted yet", stateOf([resource(service(), { delete: true })])],
	["an object without outputs", stateOf([resource({})])],
])("is assumed after %s", async (_, state) => {
	expect(await hasDrifted(access, state)).toBe(true);
});
