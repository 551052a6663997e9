import { describe, expect, it } from "vitest";
import { checkInputs } from "../../../../toolchain/stand-ins/kubernetes/check.ts";
import { idOf, refOf, refOfId } from "../../../../toolchain/stand-ins/kubernetes/cluster.ts";
import { kindOf } from "../../../../toolchain/stand-ins/kubernetes/kinds.ts";
import { objectAt, type Properties, secret } from "../../../../toolchain/stand-ins/protocol/properties.ts";

const kind = (type: string) => {
	const found = kindOf(`kubernetes:${type}`);
	if (!found) throw new Error(`no kind ${type}`);
	return found;
};
const check = (type: string, inputs: Properties, old: Properties = {}) =>
	checkInputs(kind(type), { name: "res", old, inputs, seed: new Uint8Array([1]), defaultNamespace: "lab" });
const metadataOf = (...given: Parameters<typeof check>) => objectAt(check(...given).inputs, "metadata");

describe("checked inputs", () => {
	it("have the provider's namespace unless they name one, where the kind has one at all", () => {
		expect(metadataOf("core/v1:Pod", { metadata: { name: "p" } })).toEqual({ name: "p", namespace: "lab" });
		expect(metadataOf("core/v1:Pod", { metadata: { name: "p", namespace: "x" } }).namespace).toBe("x");
		expect(metadataOf("core/v1:Namespace", { metadata: { name: "n" } })).toEqual({ name: "n" });
	});

	it("have a name, which stays the same from update to update", () => {
		const first = check("core/v1:ConfigMap", {});
		const { name, annotations } = objectAt(first.inputs, "metadata");
		expect(name).toMatch(/^res-[0-9a-f]{8}$/);
		expect(annotations).toEqual({ "pulumi.com/autonamed": "true" });
		const old = { metadata: { name: "res-01234567", annotations: { "pulumi.com/autonamed": "true" } } };
		expect(metadataOf("core/v1:ConfigMap", { data: {} }, old).name).toBe("res-01234567");
	});

	it("get a new name where the old one was the user's", () => {
		expect(metadataOf("core/v1:ConfigMap", {}, { metadata: { name: "mine" } }).name).toMatch(/^res-/);
	});

	it("keep what is secret", () => {
		const labels = { key: secret("x") };
		expect(metadataOf("core/v1:Pod", { metadata: { name: "p", labels } }).labels).toEqual(labels);
	});

	it.each<[string, string, Properties, RegExp]>([
		[
			"an object that only the cluster makes",
			"core/v1:Node",
			{ metadata: { name: "n" } },
			/can only be read \(Node\.get\)/,
		],
		[
			"an annotation that would be ignored",
			"core/v1:Pod",
			{ metadata: { name: "p", annotations: { "pulumi.com/waitFor": "x" } } },
			/annotation pulumi\.com\/waitFor is not supported/,
		],
	])("refuse %s", (_, type, inputs, reason) => {
		expect(check(type, inputs).failures.map((failure) => failure.reason)).toEqual([expect.stringMatching(reason)]);
	});

	it("accept the annotation to skip the wait", () => {
		const annotations = { "pulumi.com/skipAwait": "true", other: "x" };
		expect(check("core/v1:Service", { metadata: { name: "s", annotations } }).failures).toEqual([]);
	});
});

it.each([
	["core/v1:Pod", { name: "p", namespace: "lab" }, "lab/p"],
	["apps/v1:Deployment", { name: "d" }, "default/d"],
	["core/v1:Node", { name: "n" }, "n"],
	["rbac.authorization.k8s.io/v1:ClusterRole", { name: "r", namespace: "ignored" }, "r"],
])("%s %j has the id %s, and is found by it again", (type, metadata, id) => {
	const ref = refOf(kind(type), { metadata });
	expect(idOf(ref)).toBe(id);
	expect(refOfId(kind(type), id)).toEqual(ref);
});

it("knows no other kinds", () => {
	expect(kindOf("kubernetes:core/v1:Secret")).toBeUndefined();
	expect(kindOf("kubernetes:apps/v1:StatefulSet")).toBeUndefined();
});
