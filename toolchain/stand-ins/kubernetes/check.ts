/** Checks and completes what the program asks for, before anything is sent to the cluster. */
import { createHash, randomBytes } from "node:crypto";
import { isObject, markSecrets, objectAt, type Properties, withoutSecrets } from "../protocol/properties.ts";
import type { Failure } from "../protocol/provider.ts";
import { installOfficial } from "../protocol/serve.ts";
import type { Kind } from "./kinds.ts";

const autonamed = "pulumi.com/autonamed";
const supportedAnnotations = [autonamed, "pulumi.com/skipAwait"];

export const isAutonamed = (object: Properties): boolean =>
	objectAt(objectAt(object, "metadata"), "annotations")[autonamed] === "true";

/** A name for an object to which the program gives none: the one it has, else a new one that no other has. */
function automaticMetadata(metadata: Properties, old: Properties, name: string, seed: Uint8Array): Properties {
	if (metadata.name !== undefined) return metadata;
	const suffix = seed.length > 0 ? createHash("sha256").update(seed).update(name).digest() : randomBytes(4);
	const fresh = `${name}-${suffix.toString("hex").slice(0, 8)}`;
	const annotations = { ...objectAt(metadata, "annotations"), [autonamed]: "true" };
	return { ...metadata, annotations, name: isAutonamed(old) ? (objectAt(old, "metadata").name ?? fresh) : fresh };
}

export interface ToCheck {
	/** The resource's name in the program. */
	name: string;
	old: Properties;
	inputs: Properties;
	seed: Uint8Array;
	defaultNamespace: string;
}

/** The inputs with name and namespace. Metadata that only a later step will know stays as it is. */
export function checkInputs(kind: Kind, { name, old, inputs, seed, defaultNamespace }: ToCheck) {
	const failures: Failure[] = Object.keys(objectAt(objectAt(withoutSecrets(inputs), "metadata"), "annotations"))
		.filter((key) => key.startsWith("pulumi.com/") && !supportedAnnotations.includes(key))
		.map((key) => ({ property: "metadata.annotations", reason: `annotation ${key} ${installOfficial}` }));
	if (kind.readOnly) {
		const reason = `${kind.kind} objects can only be read (${kind.kind}.get): making them ${installOfficial}`;
		failures.push({ property: "", reason });
	}
	const given = withoutSecrets(inputs.metadata ?? {});
	if (!isObject(given)) return { inputs, failures };
	const named = automaticMetadata(given, withoutSecrets(old), name, seed);
	const metadata = kind.namespaced ? { namespace: defaultNamespace, ...named } : named;
	return { inputs: { ...inputs, ...markSecrets({ metadata }, inputs) }, failures };
}
