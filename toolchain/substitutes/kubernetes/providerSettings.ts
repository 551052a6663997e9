/** The provider's settings, and the cluster that they name. */
import { KubeConfig } from "@kubernetes/client-node";
import { changes, touches } from "../protocol/diff.ts";
import { type Properties, unknown, withoutSecrets } from "../protocol/properties.ts";
import type { Difference, Failure } from "../protocol/provider.ts";
import { installOfficial } from "../protocol/serve.ts";

/** `version` is the engine's own. */
const supported = ["kubeconfig", "context", "clusterIdentifier", "deleteUnreachable", "version"];

/** A kubeconfig is its content or, on one line, its path, relative to the project's folder. */
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

/** Resources of an unreachable cluster count as deleted. The engine sends the setting as JSON text. */
export const deletesUnreachable = (settings: Properties): boolean => String(settings.deleteUnreachable) === "true";

/** @throws if the settings don't name a cluster */
export function loadKubeConfig(settings: Properties): KubeConfig {
	const { kubeconfig, context } = withoutSecrets(settings);
	if (typeof kubeconfig !== "string" || [kubeconfig, context].includes(unknown)) {
		throw new Error("its kubeconfig isn't known yet");
	}
	const config = new KubeConfig();
	if (isContent(kubeconfig)) config.loadFromString(kubeconfig);
	else config.loadFromFile(kubeconfig);
	if (context) config.setCurrentContext(String(context));
	if (config.getCurrentCluster() === null) {
		throw new Error(`the kubeconfig has no cluster for its context "${config.getCurrentContext()}"`);
	}
	return config;
}

/**
 * If both sides have a clusterIdentifier, it alone decides whether this is another cluster. Otherwise it is another one if
 * the current context has another server or certificate authority, or an unknown one.
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

/** The kubeconfig's current cluster without its name; an unknown one differs from any other. */
function clusterOf(settings: Properties): string | symbol {
	try {
		return JSON.stringify({ ...loadKubeConfig(settings).getCurrentCluster(), name: "" });
	} catch {
		return Symbol("unknown");
	}
}
