/** The provider's settings, and which cluster they lead to. */
import { KubeConfig } from "@kubernetes/client-node";
import { changes, touches } from "../protocol/diff.ts";
import { type Properties, unknown, withoutSecrets } from "../protocol/properties.ts";
import type { Difference, Failure } from "../protocol/provider.ts";
import { installOfficial } from "../protocol/serve.ts";

/** `version` is the engine's own. */
const supported = ["kubeconfig", "context", "clusterIdentifier", "deleteUnreachable", "version"];

/** Given by its content, or, in one line, by its path: from the project's folder, which is the engine's and so ours. */
const isContent = (kubeconfig: string): boolean => /^\s*\{|\n/.test(kubeconfig);

export function unsupportedSettings(settings: Properties): Failure[] {
	const plain = withoutSecrets(settings);
	const refuse = (property: string, what = property): Failure => ({ property, reason: `${what} ${installOfficial}` });
	const isSet = (value: unknown) => value !== "" && String(value) !== "false";
	return [
		...Object.entries(plain)
			.filter(([key, value]) => !supported.includes(key) && isSet(value))
			.map(([key]) => refuse(key)),
		...(plain.kubeconfig ? [] : [refuse("kubeconfig", "a provider without kubeconfig")]),
	];
}

/** Whether resources of a cluster that cannot be reached are taken for deleted. The engine sends it as JSON text. */
export const deletesUnreachable = (settings: Properties): boolean => String(settings.deleteUnreachable) === "true";

/** @throws where the settings lead to no cluster */
export function loadKubeConfig(settings: Properties): KubeConfig {
	const { kubeconfig, context } = withoutSecrets(settings);
	if (typeof kubeconfig !== "string" || [kubeconfig, context].includes(unknown)) {
		throw new Error("its kubeconfig is not known");
	}
	const config = new KubeConfig();
	if (isContent(kubeconfig)) config.loadFromString(kubeconfig);
	else config.loadFromFile(kubeconfig);
	if (context) config.setCurrentContext(String(context));
	if (config.getCurrentCluster() === null) {
		throw new Error(`the kubeconfig leads to no cluster: its context is "${config.getCurrentContext()}"`);
	}
	return config;
}

/**
 * Where both sides have a clusterIdentifier, it alone decides whether this is another cluster. Else it is another one
 * where the current context leads to another server or certificate authority, or to none that is known.
 */
export function diffSettings(old: Properties, now: Properties): Difference {
	const [before, after] = [withoutSecrets(old), withoutSecrets(now)];
	const all = changes(before, after).filter(({ path }) => path[0] !== "version");
	const identified = Boolean(before.clusterIdentifier && after.clusterIdentifier);
	const replaced = identified
		? all.some((change) => touches(change, "clusterIdentifier"))
		: all.some(({ path }) => ["kubeconfig", "context"].includes(String(path[0]))) &&
			clusterOf(before) !== clusterOf(after);
	return { changes: all, replaces: replaced ? all : [] };
}

/** What a kubeconfig says of its current cluster, but for its name; one that says nothing of it is always another. */
function clusterOf(settings: Properties): string | symbol {
	try {
		return JSON.stringify({ ...loadKubeConfig(settings).getCurrentCluster(), name: "" });
	} catch {
		return Symbol("unknown");
	}
}
