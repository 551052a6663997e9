import { describe, expect, it } from "vitest";
import {
	containsSecret,
	containsUnknown,
	fromStruct,
	isSecret,
	markSecrets,
	type Properties,
	secret,
	toStruct,
	unknown,
	type Value,
	withoutSecrets,
} from "../../../../../toolchain/substitutes/protocol/properties.ts";

// As the engine writes a secret: sdk/go/common/resource/plugin/rpc.go.
const onTheWire = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "s3cret" };

describe("secrets", () => {
	it("are read and written as the engine does", () => {
		expect(secret("s3cret")).toEqual(onTheWire);
		expect(isSecret(onTheWire)).toBe(true);
		expect(isSecret({ value: "s3cret" })).toBe(false);
	});

	it.each<[string, Value, boolean]>([
		["a plain value", "a", false],
		["null", null, false],
		["a secret", onTheWire, true],
		["one deep in an object", { a: [{ b: onTheWire }] }, true],
	])("are found in %s", (_, value, found) => expect(containsSecret(value)).toBe(found));

	it("are never nested", () => {
		expect(secret({ a: onTheWire, b: 1 })).toEqual(secret({ a: "s3cret", b: 1 }));
		expect(secret(onTheWire)).toEqual(onTheWire);
	});

	it("become clear text at any depth", () => {
		expect(withoutSecrets({ a: onTheWire, b: [onTheWire, 1], c: secret({ d: null }) })).toEqual({
			a: "s3cret",
			b: ["s3cret", 1],
			c: { d: null },
		});
	});

	it.each<[string, Properties, Properties, Properties]>([
		["at the same key", { a: 1 }, { a: secret(1) }, { a: secret(1) }],
		["even where the value is another", { a: 2 }, { a: secret(1) }, { a: secret(2) }],
		["key by key in objects", { a: { b: 1, c: 2 } }, { a: { b: secret(1) } }, { a: { b: secret(1), c: 2 } }],
		["for an array as a whole", { a: [1, 2] }, { a: [secret(1), 2] }, { a: secret([1, 2]) }],
		["for an object that is secret as a whole", { a: { b: 1 } }, { a: secret({ b: 1 }) }, { a: secret({ b: 1 }) }],
		["not where nothing was", { a: 1 }, { b: secret(1) }, { a: 1 }],
	])("are marked %s", (_, target, source, marked) => expect(markSecrets(target, source)).toEqual(marked));
});

it.each<[string, Value, boolean]>([
	["nothing", {}, false],
	["the engine's placeholder", unknown, true],
	["one deep inside", { a: [secret({ b: unknown })] }, true],
	["text that contains the placeholder", `x-${unknown}`, false],
])("finds unknowns in %s", (_, value, found) => expect(containsUnknown(value)).toBe(found));

it("survive a protobuf Struct, except keys without a value", () => {
	const kept = { s: "x", n: 1.5, zero: 0, no: false, empty: "", list: [1, null, { a: [] }], o: {}, hidden: onTheWire };
	expect(fromStruct(toStruct({ ...kept, gone: null, deep: { gone: null } }))).toEqual({ ...kept, deep: {} });
	expect(fromStruct(undefined)).toEqual({});
});
