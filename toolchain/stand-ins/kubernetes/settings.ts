/** The provider's settings, and which cluster they lead to. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { KubeConfig } from "@kubernetes/client-node";
import { changes } from "../protocol/diff.ts";
import { isObject, type Properties, unknown, withoutSecrets } from "../protocol/properties.ts";
import type { Difference, Failure } from "../protocol/provider.ts";
import { installOfficial } from "../protocol/serve.ts";

export interface Settings {
	/** A kubeconfig file's path or its content; absent: the user's own, as kubectl finds it. */
	kubeconfig?: string;
	context?: string;
	/** For objects that name none. */
	namespace?: string;
	/** Whether resources of a cluster that cannot be reached are taken for deleted. */
	deleteUnreachable: boolean;
	/** Whether resources of a cluster that cannot be reached are taken for unchanged. */
	skipUpdateUnreachable: boolean;
}

const supported = [
	"kubeconfig",
	"context",
	"namespace",
	"clusterIdentifier",
	"deleteUnreachable",
	"skipUpdateUnreachable",
];
// `version` is the engine's own; the others say what the stand-in does anyway.
const harmless = ["version", "suppressDeprecationWarnings", "suppressHelmHookWarnings"];
const asIs: Properties = { enableServerSideApply: "true" };

export function unsupportedSettings(settings: Properties): Failure[] {
	const isSet = (key: string, value: unknown) => value !== "" && String(value) !== "false" && value !== asIs[key];
	return Object.entries(withoutSecrets(settings))
		.filter(([key, value]) => ![...supported, ...harmless].includes(key) && isSet(key, value))
		.map(([property]) => ({ property, reason: `${property} ${installOfficial}` }));
}

export function readSettings(properties: Properties): Settings {
	const plain = withoutSecrets(properties);
	const text = (key: "kubeconfig" | "context" | "namespace") => {
		const value = plain[key];
		return typeof value === "string" && value !== "" ? { [key]: value } : {};
	};
	// The engine sends what is not a string as JSON text.
	const flag = (key: string, variable: string) => String(plain[key] ?? process.env[variable]) === "true";
	return {
		...text("kubeconfig"),
		...text("context"),
		...text("namespace"),
		deleteUnreachable: flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
		skipUpdateUnreachable: flag("skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
	};
}

/** @throws where there is no such file, content or context */
export function loadKubeConfig({ kubeconfig, context }: Pick<Settings, "kubeconfig" | "context">): KubeConfig {
	const config = new KubeConfig();
	const path = kubeconfig?.replace(/^~(?=\/|$)/, homedir());
	if (path === undefined || kubeconfig === undefined) config.loadFromDefault();
	else if (existsSync(path)) config.loadFromFile(path);
	else config.loadFromString(kubeconfig);
	if (context !== undefined) config.setCurrentContext(context);
	if (config.getCurrentCluster() === null) {
		const known = config.getContexts().map(({ name }) => name);
		throw new Error(
			`the kubeconfig leads to no cluster: its context is "${config.getCurrentContext()}", it has: ${known.join(", ") || "none"}`,
		);
	}
	return config;
}

/** Server, certificate authority and so on; undefined: the settings lead to none. */
function activeCluster(settings: Properties) {
	try {
		return loadKubeConfig(readSettings(settings)).getCurrentCluster();
	} catch {
		return undefined;
	}
}

/**
 * Where both sides have a clusterIdentifier, it alone decides whether this is another cluster. Else it is another one
 * if the kubeconfig leads to another server, or if that cannot be known yet.
 */
export function diffSettings(old: Properties, now: Properties): Difference {
	const [before, after] = [withoutSecrets(old), withoutSecrets(now)];
	const all = changes(before, after).filter(({ path }) => path[0] !== "version");
	const another = () => {
		if (before.clusterIdentifier && after.clusterIdentifier)
			return before.clusterIdentifier !== after.clusterIdentifier;
		if (after.kubeconfig === unknown || after.context === unknown) return true;
		const [left, right] = [activeCluster(before), activeCluster(after)];
		return isObject(left as never) && isObject(right as never) && !isDeepStrictEqual(left, right);
	};
	return { changes: all, replaces: all.length > 0 && another() ? all : [] };
}
