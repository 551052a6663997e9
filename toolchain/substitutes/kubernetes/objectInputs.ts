/** Refuses what the lab doesn't use, by name, before anything is sent to the cluster. */
import { isObject, objectAt, type Properties, unknown, withoutSecrets } from "../protocol/properties.ts";
import type { Failure } from "../protocol/provider.ts";
import { installOfficial } from "../protocol/serve.ts";
import type { Kind } from "./kinds.ts";

const skipAwait = "pulumi.com/skipAwait";

/** The unsupported inputs. Unknown values are checked once they are known. */
export function unsupportedInputs(kind: Kind, inputs: Properties): Failure[] {
	const plain = withoutSecrets(inputs);
	const errors = kind.readOnly
		? { "": `${kind.kind} objects can only be read (${kind.kind}.get): creating one` }
		: { ...metadataErrors(kind, plain), ...selectorErrors(plain) };
	return Object.entries(errors).map(([property, what]) => ({ property, reason: `${what} ${installOfficial}` }));
}

function metadataErrors({ kind, namespaced, unawaited }: Kind, inputs: Properties): Record<string, string> {
	if (inputs.metadata === unknown) return {};
	const { name, namespace, annotations = {} } = objectAt(inputs, "metadata");
	const own = Object.entries(isObject(annotations) ? annotations : {}).filter(([key]) => key.startsWith("pulumi.com/"));
	const skips = annotations === unknown || own.some(([key, value]) => key === skipAwait && value === "true");
	const unsupported = own.filter(([key]) => !(unawaited && key === skipAwait));
	return {
		...(name === undefined && { "metadata.name": "an object without metadata.name" }),
		...(namespaced && namespace === undefined && { "metadata.namespace": "an object without metadata.namespace" }),
		...(unawaited &&
			!skips && { "metadata.annotations": `waiting for a ${kind}, without the annotation ${skipAwait},` }),
		...Object.fromEntries(
			unsupported.map(([key]) => [`metadata.annotations["${key}"]`, `annotation ${key} of a ${kind}`]),
		),
	};
}

function selectorErrors(inputs: Properties): Record<string, string> {
	const { matchExpressions } = objectAt(objectAt(inputs, "spec"), "selector");
	return matchExpressions === undefined ? {} : { "spec.selector.matchExpressions": "spec.selector.matchExpressions" };
}
