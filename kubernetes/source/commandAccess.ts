/** Commands for kubectl that reach the cluster that was read. */

/** The options that the user chose the cluster with. */
export interface CommandAccess {
	kubeconfig?: string | undefined;
	context?: string | undefined;
}

/** The command with these options; commands of other programs stay as they are. */
export function accessCommand({ kubeconfig, context }: CommandAccess, command: readonly string[]): string[] {
	const [program = "", ...rest] = command;
	if (program !== "kubectl") return [...command];
	const options = [
		...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
		...(context === undefined ? [] : ["--context", context]),
	];
	return [program, ...options, ...rest];
}
