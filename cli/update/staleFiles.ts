import { removeKubeconfigCopies } from "./kubeconfigCopies.ts";
import { removeTemporaryFolders } from "./temporaryFolder.ts";

/** Removes files with the kubeconfig's key that killed commands and plain `pulumi` commands left: each command does. */
export async function removeLeftovers(): Promise<void> {
	await removeTemporaryFolders();
	await removeKubeconfigCopies();
}
