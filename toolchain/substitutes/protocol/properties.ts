/** Property values as the engine sends them: JSON in which signatures mark secrets and unknown values. */
import struct from "google-protobuf/google/protobuf/struct_pb.js";

export type Value = null | boolean | number | string | Value[] | Properties;
export interface Properties {
	[key: string]: Value;
}

// Source of the three constants: sdk/go/common/resource/plugin/rpc.go and resource/properties.go of pulumi/pulumi.
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
/** A value that only a later step of the update knows; only in previews. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const isObject = (value: Value | undefined): value is Properties =>
	typeof value === "object" && value !== null && !Array.isArray(value);

/** The object at a key, or an empty one. */
export const objectAt = (properties: Properties, key: string): Properties => {
	const value = properties[key];
	return isObject(value) ? value : {};
};

export const isSecret = (value: Value): value is Properties =>
	isObject(value) && value[signatureKey] === secretSignature;

export const secret = (value: Value): Value =>
	isSecret(value) ? value : { [signatureKey]: secretSignature, value: withoutSecrets(value) };

const some = (value: Value, test: (value: Value) => boolean): boolean =>
	test(value) ||
	(typeof value === "object" && value !== null && Object.values(value as Properties).some((item) => some(item, test)));

export const containsSecret = (value: Value): boolean => some(value, isSecret);
export const containsUnknown = (value: Value): boolean => some(value, (item) => item === unknown);

/** The same value with every secret in clear text. */
export function withoutSecrets<T extends Value>(value: T): T;
export function withoutSecrets(value: Value): Value {
	if (Array.isArray(value)) return value.map((item) => withoutSecrets(item));
	if (!isObject(value)) return value;
	if (isSecret(value)) return withoutSecrets(value.value ?? null);
	return Object.fromEntries(Object.entries(value as Properties).map(([key, item]) => [key, withoutSecrets(item)]));
}

/**
 * Marks the secrets of `source` in `target`, key by key in objects. An array becomes secret as a whole if its counterpart
 * contains a secret, because a server may change the order.
 */
export function markSecrets(target: Properties, source: Properties): Properties {
	return Object.fromEntries(
		Object.entries(target).map(([key, value]) => {
			const counterpart = source[key];
			if (counterpart === undefined) return [key, value];
			if (isObject(value) && isObject(counterpart) && !isSecret(counterpart)) {
				return [key, markSecrets(value, counterpart)];
			}
			return [key, containsSecret(counterpart) ? secret(value) : value];
		}),
	);
}

/** A protobuf Struct can't have undefined values: their keys are left out. */
function withoutNulls(value: Value | undefined): Value {
	if (Array.isArray(value)) return value.map((item) => withoutNulls(item));
	if (!isObject(value)) return value ?? null;
	return Object.fromEntries(
		Object.entries(value)
			.filter(([, item]) => item !== null && item !== undefined)
			.map(([key, item]) => [key, withoutNulls(item)]),
	);
}

export const toStruct = (properties: Properties): struct.Struct =>
	struct.Struct.fromJavaScript(withoutNulls(properties) as Parameters<typeof struct.Struct.fromJavaScript>[0]);

export const fromStruct = (message: struct.Struct | undefined): Properties =>
	message === undefined ? {} : (withoutNulls(message.toJavaScript() as Properties) as Properties);
