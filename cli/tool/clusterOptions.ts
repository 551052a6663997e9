/** Which cluster a command reads: by kubectl's options and defaults, or from a bundle. */
import type { Command } from "commander";
import { openBundle } from "../../kubernetes/source/bundle/bundleFiles.ts";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import type { CommandAccess } from "../../kubernetes/source/commandAccess.ts";
import { openAsKubectl } from "../../kubernetes/source/kubectlAccess.ts";
import { LiveSource } from "../../kubernetes/source/liveSource.ts";

export interface ClusterOptions {
	kubeconfig?: string;
	context?: string;
}

export interface SourceOptions extends ClusterOptions {
	bundle?: string;
}

export const withClusterOptions = (command: Command): Command =>
	command
		.option("--kubeconfig <path>", "a kubeconfig (default: KUBECONFIG, then ~/.kube/config)")
		.option("--context <name>", "a context of the kubeconfig (default: its current context)");

export const accessOf = ({ kubeconfig, context }: ClusterOptions): CommandAccess => ({ kubeconfig, context });

/** @throws if the kubeconfig can't be read */
export const liveSource = (options: ClusterOptions): ClusterSource => new LiveSource(openAsKubectl(options));

export const withSourceOptions = (command: Command): Command =>
	withClusterOptions(command).option("--bundle <path>", "read a bundle of nodeport-lab collect instead of a cluster");

/** @throws if the bundle or the kubeconfig can't be read, or both are given */
export async function sourceOf({ bundle, ...options }: SourceOptions): Promise<ClusterSource> {
	if (bundle === undefined) return liveSource(options);
	if (options.kubeconfig !== undefined || options.context !== undefined) {
		throw new Error("--bundle reads no cluster: leave out --kubeconfig and --context");
	}
	return (await openBundle(bundle)).source;
}
