/** The state of an object in the engine: the live object and the program's inputs. */
import { isObject, markSecrets, objectAt, type Properties, type Value } from "../protocol/properties.ts";

/** @param inputs the program's, with secrets marked: the same fields are secret in the live object */
export function checkpoint(live: Properties, inputs: Properties, apiVersion: string, fieldManager: string): Properties {
	return {
		...markSecrets(live, inputs),
		__inputs: inputs,
		__initialApiVersion: apiVersion,
		__fieldManager: fieldManager,
	};
}

/** The parts of the live value that `shape` has too, without the server's additions. */
export function prune(live: Value, shape: Value): Value {
	if (Array.isArray(live) && Array.isArray(shape)) {
		const both = live.slice(0, shape.length);
		return both.map((item, i) => prune(item, shape[i] ?? null));
	}
	if (!isObject(live) || !isObject(shape)) return live;
	const shared = Object.entries(live).filter(([key]) => key in shape);
	return Object.fromEntries(shared.map(([key, value]) => [key, prune(value, shape[key] ?? null)]));
}

const serverMetadata = ["creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"];
const serverAnnotations = ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];

const without = (properties: Properties, keys: string[]): Properties =>
	Object.fromEntries(Object.entries(properties).filter(([key]) => !keys.includes(key)));

/** The inputs for an object that is imported. */
export function inputsFromLive({ status, metadata, ...rest }: Properties): Properties {
	const own = isObject(metadata ?? null) ? without(metadata as Properties, serverMetadata) : {};
	const annotations = without(objectAt(own, "annotations"), serverAnnotations);
	return { ...rest, metadata: "annotations" in own ? { ...own, annotations } : own };
}
