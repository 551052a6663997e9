/** Access to a cluster: the path of a kubeconfig and one of its contexts. Its text never leaves the file. */
import { existsSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import { shellText } from "../lib/shell.ts";

export interface Access {
	kubeconfig: string;
	/** @default the kubeconfig's current context */
	context?: string | undefined;
}

/** The options for kubectl. */
export const accessOptions = ({ kubeconfig, context }: Access): string[] => [
	"--kubeconfig",
	kubeconfig,
	...(context === undefined ? [] : ["--context", context]),
];

/** An argument vector; paths in it are relative to the project's folder. */
export const kubectlCommand = (access: Access, ...args: string[]): string[] => [
	"kubectl",
	...accessOptions(access),
	...args,
];

/** The same as text for a shell. */
export const kubectlText = (access: Access, ...args: string[]): string => shellText(...kubectlCommand(access, ...args));

/** A kubeconfig that is missing, unreadable or incomplete. */
export class NoAccess extends Error {}

/** `kind delete cluster` removes the cluster from the lab's kubeconfig, but keeps the file. */
const emptied = ({ kubeconfig, context }: Access): string =>
	`${kubeconfig} names no cluster${context === undefined ? ", as after `kind delete cluster`" : ""}`;

/** A context without a user is anonymous. @throws NoAccess if its context names a user that the file lacks */
export function refuseMissingUser(config: KubeConfig, path: string): void {
	const name = config.getCurrentContext();
	const user = config.getContextObject(name)?.user;
	if (!user || config.getUser(user) !== null) return;
	throw new NoAccess(`${path}: context "${name}" refers to user "${user}", which isn't in it`);
}

/** @throws NoAccess if the file doesn't exist, isn't a kubeconfig, or lacks the context */
export function loadAccess(access: Access): KubeConfig {
	const { kubeconfig, context } = access;
	if (!existsSync(kubeconfig)) throw new NoAccess(`${kubeconfig} doesn't exist`);
	const config = new KubeConfig();
	try {
		config.loadFromFile(kubeconfig);
	} catch (error) {
		// The parser fails on an empty file with a TypeError.
		if (error instanceof TypeError) throw new NoAccess(emptied(access), { cause: error });
		// The parser quotes text of the file, which may be a key: only its first line is safe.
		const [reason] = (error as Error).message.split("\n");
		throw new NoAccess(`${kubeconfig} isn't a readable kubeconfig (${reason})`, { cause: error });
	}
	const names = config.getContexts().map(({ name }) => name);
	if (context !== undefined && !names.includes(context)) {
		throw new NoAccess(`${kubeconfig} has no context "${context}"; it has ${names.join(", ") || "none"}`);
	}
	if (context !== undefined) config.setCurrentContext(context);
	if (config.getCurrentCluster() !== null) {
		refuseMissingUser(config, kubeconfig);
		return config;
	}
	if (config.getClusters().length === 0) throw new NoAccess(emptied(access));
	const why =
		context === undefined ? "it has no current cluster" : `its context "${context}" refers to a missing cluster`;
	throw new NoAccess(`${kubeconfig} isn't a readable kubeconfig (${why})`);
}
