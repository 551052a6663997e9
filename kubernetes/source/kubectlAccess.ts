/** Access to a cluster with the defaults of kubectl: --kubeconfig, else KUBECONFIG, else ~/.kube/config. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { loadAccess, NoAccess, refuseMissingUser } from "../kubeAccess.ts";

export interface KubectlOptions {
	kubeconfig?: string | undefined;
	context?: string | undefined;
}

/** The account of a pod: kubectl uses it if there is no kubeconfig. */
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** @param account the file with the token of a pod's account. @throws NoAccess with the path that was tried, and the fix */
export function openAsKubectl(
	{ kubeconfig, context }: KubectlOptions,
	env = process.env,
	account = serviceAccount,
): KubeConfig {
	if (kubeconfig !== undefined) return loadAccess({ kubeconfig, context });
	const listed = (env.KUBECONFIG ?? "").split(delimiter).filter((path) => path !== "");
	const paths = listed.length > 0 ? listed : [join(homedir(), ".kube", "config")];
	const existing = paths.filter((path) => existsSync(path));
	const [only] = existing;
	if (only !== undefined)
		return existing.length === 1 ? loadAccess({ kubeconfig: only, context }) : merged(existing, context);
	if (!existsSync(account)) {
		const from = listed.length > 0 ? "KUBECONFIG" : "the default";
		throw new NoAccess(`${paths.join(delimiter)} (${from}) doesn't exist; fix: --kubeconfig <path>`);
	}
	if (context !== undefined) {
		throw new NoAccess(
			`--context ${context}: the account of this pod has no contexts; fix: leave it out, or add --kubeconfig <path>`,
		);
	}
	const config = new KubeConfig();
	config.loadFromCluster();
	return config;
}

/** As kubectl merges several files: the first one that defines a name or the current context decides. */
function merged(paths: string[], context: string | undefined): KubeConfig {
	const [first = "", ...others] = paths;
	// loadAccess checks the wanted context, which may be in any of the files.
	const config = loaded(first);
	for (const path of others) {
		const other = loaded(path);
		const isNew = (known: readonly { name: string }[]) => (one: { name: string }) =>
			!known.some(({ name }) => name === one.name);
		config.clusters.push(...other.getClusters().filter(isNew(config.getClusters())));
		config.users.push(...other.getUsers().filter(isNew(config.getUsers())));
		config.contexts.push(...other.getContexts().filter(isNew(config.getContexts())));
		if (!config.getCurrentContext()) config.setCurrentContext(other.getCurrentContext());
	}
	const names = config.getContexts().map(({ name }) => name);
	if (context !== undefined && !names.includes(context)) {
		throw new NoAccess(`${paths.join(delimiter)} has no context "${context}"; it has ${names.join(", ") || "none"}`);
	}
	if (context !== undefined) config.setCurrentContext(context);
	if (config.getCurrentCluster() === null) {
		throw new NoAccess(`${paths.join(delimiter)} has no current cluster; fix: --context <${names.join(" | ")}>`);
	}
	refuseMissingUser(config, paths.join(delimiter));
	return config;
}

function loaded(path: string): KubeConfig {
	const config = new KubeConfig();
	try {
		config.loadFromFile(path);
	} catch (error) {
		// The parser quotes text of the file, which may be a key: only its first line is safe.
		const [reason] = (error as Error).message.split("\n");
		throw new NoAccess(`${path} isn't a readable kubeconfig (${reason})`, { cause: error });
	}
	return config;
}
