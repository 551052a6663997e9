/** The way into a cluster: a kubeconfig by its path, and which of its contexts. Its text never leaves the file. */
import { existsSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import { shellText } from "../lib/shell.ts";

export interface Access {
	kubeconfig: string;
	/** @default the kubeconfig's current one */
	context?: string | undefined;
}

/** The options that lead kubectl into that cluster. */
export const accessOptions = ({ kubeconfig, context }: Access): string[] => [
	"--kubeconfig",
	kubeconfig,
	...(context === undefined ? [] : ["--context", context]),
];

/** A command for a shell in the project's folder. */
export const kubectlText = (access: Access, ...args: string[]): string =>
	shellText("kubectl", ...accessOptions(access), ...args);

/** A kubeconfig that leads nowhere. */
export class NoAccess extends Error {}

/** Of a kubeconfig that is the lab's own kind takes the cluster, and leaves the file. */
const emptied = ({ kubeconfig, context }: Access): string =>
	`${kubeconfig} names no cluster${context === undefined ? ", as after `kind delete cluster`" : ""}`;

/** @throws NoAccess where there is no such kubeconfig, none that can be read, or no such context in it */
export function loadAccess(access: Access): KubeConfig {
	const { kubeconfig, context } = access;
	if (!existsSync(kubeconfig)) throw new NoAccess(`there is no ${kubeconfig}`);
	const config = new KubeConfig();
	try {
		config.loadFromFile(kubeconfig);
	} catch (error) {
		// Of an empty file the parser reads a property.
		if (error instanceof TypeError) throw new NoAccess(emptied(access), { cause: error });
		// It quotes what it does not understand, and that may be a key.
		const [said] = (error as Error).message.split("\n");
		throw new NoAccess(`${kubeconfig} is no kubeconfig that can be read (${said})`, { cause: error });
	}
	const names = config.getContexts().map(({ name }) => name);
	if (context !== undefined && !names.includes(context)) {
		throw new NoAccess(`${kubeconfig} has no context "${context}"; it has ${names.join(", ") || "none"}`);
	}
	if (context !== undefined) config.setCurrentContext(context);
	if (config.getCurrentCluster() !== null) return config;
	if (config.getClusters().length === 0) throw new NoAccess(emptied(access));
	const why = context === undefined ? "it names no current cluster" : `its context "${context}" names no cluster of it`;
	throw new NoAccess(`${kubeconfig} is no kubeconfig that can be read (${why})`);
}
