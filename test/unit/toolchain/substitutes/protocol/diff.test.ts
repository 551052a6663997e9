import { describe, expect, it } from "vitest";
import { type Change, changes, pathText, touches } from "../../../../../toolchain/substitutes/protocol/diff.ts";
import { secret, type Value } from "../../../../../toolchain/substitutes/protocol/properties.ts";

describe("changes", () => {
	it.each<[string, Value, Value, string[]]>([
		["nothing when equal", { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
		["nothing when only the order of keys differs", { a: 1, b: 2 }, { b: 2, a: 1 }, []],
		["what is new", {}, { a: { b: 1 } }, ["add a"]],
		["what is gone", { a: { b: 1, c: 2 } }, { a: { b: 1 } }, ["delete a.c"]],
		["the deepest path", { a: { b: { c: 1 } } }, { a: { b: { c: 2 } } }, ["update a.b.c"]],
		["array items by index", { a: [1, 2, 3] }, { a: [1, 5] }, ["update a[1]", "delete a[2]"]],
		["a longer array", { a: [1] }, { a: [1, { b: 1 }] }, ["add a[1]"]],
		["another type", { a: [1] }, { a: { b: 1 } }, ["update a"]],
		["a value that becomes secret", { a: 1 }, { a: secret(1) }, ["update a"]],
		["a secret as a whole", { a: secret({ b: 1, c: 1 }) }, { a: secret({ b: 2, c: 2 }) }, ["update a"]],
		["nothing for an equal secret", { a: secret({ b: 1 }) }, { a: secret({ b: 1 }) }, []],
	])("name %s", (_, old, now, expected) => {
		expect(changes(old, now).map(({ kind, path }) => `${kind} ${pathText(path)}`)).toEqual(expected);
	});
});

it.each<[Change["path"], string]>([
	[["spec", "ports", 0, "nodePort"], "spec.ports[0].nodePort"],
	[["metadata", "labels", "app.kubernetes.io/name"], 'metadata.labels["app.kubernetes.io/name"]'],
	[["a[b]"], '["a[b]"]'],
	[["say", 'a"b'], 'say["a\\"b"]'],
])("writes a path as the engine does: %j", (path, text) => expect(pathText(path)).toBe(text));

it.each<[Change["path"], string, boolean]>([
	[["triggers"], "triggers", true],
	[["triggers", 0, "deep"], "triggers", true],
	[["spec"], "spec.selector", true],
	[["spec", "selector", "matchLabels", "app"], "spec.selector", true],
	[["spec", "replicas"], "spec.selector", false],
	[["metadata", "namespace"], "metadata.name", false],
])("a change at %j touches %s: %s", (path, dotted, expected) => {
	expect(touches({ path, kind: "update" }, dotted)).toBe(expected);
});
