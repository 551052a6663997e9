import { expect, it } from "vitest";
import { checkpoint, inputsFromLive, prune } from "../../../../../toolchain/substitutes/kubernetes/checkpoint.ts";
import { secret, type Value } from "../../../../../toolchain/substitutes/protocol/properties.ts";

it.each<[string, Value, Value, Value]>([
	["drops what the server added", { a: 1, uid: "x" }, { a: 1 }, { a: 1 }],
	["keeps what drifted", { replicas: 0 }, { replicas: 1 }, { replicas: 0 }],
	["shows what is gone as gone", {}, { data: "x" }, {}],
	["goes into arrays by index", [{ port: 1, nodePort: 2 }], [{ port: 1 }], [{ port: 1 }]],
	["drops items that the server appended", [{ a: 1 }, { b: 1 }], [{ a: 1 }], [{ a: 1 }]],
	["keeps a value of another type whole", { a: { b: 1 } }, { a: "x" }, { a: { b: 1 } }],
])("pruning a live object %s", (_, live, shape, pruned) => expect(prune(live, shape)).toEqual(pruned));

it("records the live object, the inputs and the field manager, with secrets marked", () => {
	const live = { kind: "ConfigMap", metadata: { name: "c", uid: "u" }, data: { open: "1", key: "2" } };
	const inputs = { kind: "ConfigMap", metadata: { name: "c" }, data: { open: "1", key: secret("2") } };
	expect(checkpoint(live, inputs, "v1", "pulumi-kubernetes-1")).toEqual({
		...live,
		data: { open: "1", key: secret("2") },
		__inputs: inputs,
		__initialApiVersion: "v1",
		__fieldManager: "pulumi-kubernetes-1",
	});
});

it("derives inputs from a live object, without the fields that only the server sets", () => {
	const live = {
		apiVersion: "apps/v1",
		kind: "Deployment",
		metadata: {
			name: "app1",
			namespace: "default",
			labels: { app: "app1" },
			annotations: { "deployment.kubernetes.io/revision": "3", note: "mine" },
			uid: "u",
			resourceVersion: "7",
			generation: 3,
			creationTimestamp: "2026-01-01T00:00:00Z",
			managedFields: [],
		},
		spec: { replicas: 1 },
		status: { replicas: 1 },
	};
	expect(inputsFromLive(live)).toEqual({
		apiVersion: "apps/v1",
		kind: "Deployment",
		metadata: { name: "app1", namespace: "default", labels: { app: "app1" }, annotations: { note: "mine" } },
		spec: { replicas: 1 },
	});
});
