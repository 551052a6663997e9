import { describe, expect, it } from "vitest";
import { idOf, refOf, refOfId } from "../../../../../toolchain/substitutes/kubernetes/cluster.ts";
import { kinds } from "../../../../../toolchain/substitutes/kubernetes/kinds.ts";
import { unsupportedInputs } from "../../../../../toolchain/substitutes/kubernetes/objectInputs.ts";
import { type Properties, secret, unknown } from "../../../../../toolchain/substitutes/protocol/properties.ts";

const kind = (type: string) => {
	const found = kinds.get(`kubernetes:${type}`);
	if (!found) throw new Error(`no kind ${type}`);
	return found;
};
const named = { name: "x", namespace: "lab" };
const skipped = { ...named, annotations: { "pulumi.com/skipAwait": "true", other: "x" } };

describe("inputs", () => {
	it.each<[string, string, Properties]>([
		["a Namespace with a name", "core/v1:Namespace", { metadata: { name: "n" } }],
		["an object with name and namespace", "core/v1:Pod", { metadata: named }],
		["a Service that skips the wait", "core/v1:Service", { metadata: skipped }],
		["secret inputs", "core/v1:Service", secret({ metadata: skipped }) as Properties],
		["an unknown name", "core/v1:Pod", { metadata: { ...named, name: unknown } }],
		["unknown metadata", "core/v1:Service", { metadata: unknown }],
		["unknown annotations", "core/v1:Service", { metadata: { ...named, annotations: unknown } }],
		["a selector by labels", "apps/v1:Deployment", { metadata: named, spec: { selector: { matchLabels: {} } } }],
	])("may be %s", (_, type, inputs) => {
		expect(unsupportedInputs(kind(type), inputs)).toEqual([]);
	});

	it.each<[string, string, Properties, string[]]>([
		["an object that only the cluster creates", "core/v1:Node", { metadata: named }, ["can only be read (Node.get)"]],
		["an object without a name", "core/v1:Namespace", {}, ["without metadata.name"]],
		["an object without a namespace", "core/v1:Pod", { metadata: { name: "p" } }, ["without metadata.namespace"]],
		["a Service that is awaited", "core/v1:Service", { metadata: named }, ["waiting for a Service"]],
		["another object that isn't awaited", "core/v1:Pod", { metadata: skipped }, ["pulumi.com/skipAwait of a Pod"]],
		[
			"annotations for the official provider",
			"core/v1:Service",
			{ metadata: { ...named, annotations: { ...skipped.annotations, "pulumi.com/waitFor": "x" } } },
			["pulumi.com/waitFor of a Service"],
		],
		[
			"a selector by expressions",
			"apps/v1:DaemonSet",
			{ metadata: named, spec: { selector: { matchExpressions: [] } } },
			["spec.selector.matchExpressions"],
		],
	])("are refused by name: %s", (_, type, inputs, named) => {
		const reasons = unsupportedInputs(kind(type), inputs).map(({ reason }) => reason);
		expect(reasons).toEqual(named.map((name) => expect.stringContaining(name)));
		for (const reason of reasons)
			expect(reason).toContain("is not supported by the built-in substitute for the plugin");
	});
});

it.each([
	["core/v1:Pod", { name: "p", namespace: "lab" }, "lab/p"],
	["core/v1:Node", { name: "n" }, "n"],
	["core/v1:Namespace", { name: "n", namespace: "ignored" }, "n"],
])("%s %j has the id %s, and is found by it again", (type, metadata, id) => {
	const ref = refOf(kind(type), { metadata });
	expect(idOf(ref)).toBe(id);
	expect(refOfId(kind(type), id)).toEqual(ref);
});

it.each(["core/v1:Secret", "core/v1:ConfigMap", "apps/v1:StatefulSet", "batch/v1:CronJob"])(
	"does not know %s",
	(type) => {
		expect(kinds.get(`kubernetes:${type}`)).toBeUndefined();
	},
);
