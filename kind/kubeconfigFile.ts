/** The kubeconfig of a kind cluster. It contains the cluster-admin key, so only its owner may read it. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeAtomically } from "../lib/atomicFile.ts";
import { run } from "../lib/subprocess.ts";

/** Relative to the project. */
export const kubeconfigPath = (cluster: string): string => join(".kube", `${cluster}.yaml`);

const unprovenPath = (cluster: string): string => `${kubeconfigPath(cluster)}.new`;

/** Creates the folder with mode 0700; kind itself would let others read it. */
export async function makeKubeconfigFolder(cluster: string): Promise<void> {
	const folder = dirname(kubeconfigPath(cluster));
	await mkdir(folder, { recursive: true });
	await chmod(folder, 0o700);
}

export const newKubeconfigId = (): string => randomBytes(4).toString("hex");

/** The id in the kubeconfig, which names the last time that it was written; undefined if there is no kubeconfig. */
export async function recordedKubeconfigId(cluster: string): Promise<string | undefined> {
	try {
		return /^# access ([0-9a-f]+)$/m.exec(await readFile(kubeconfigPath(cluster), "utf8"))?.[1];
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		return undefined;
	}
}

/**
 * Writes the kubeconfig under this id.
 * @param prove is called with the path of a temporary copy, which replaces the kubeconfig if this succeeds
 * @returns the kubeconfig's text
 */
export async function writeKubeconfig(
	cluster: string,
	id: string,
	prove: (path: string) => Promise<void>,
): Promise<string> {
	const text = `# access ${id}\n${await run("kind", ["get", "kubeconfig", "--name", cluster])}\n`;
	await makeKubeconfigFolder(cluster);
	const options = { temporary: unprovenPath(cluster), mode: 0o600, check: prove };
	await writeAtomically(kubeconfigPath(cluster), text, options);
	return text;
}

/** Removes the kubeconfig, if there is one. */
export async function removeKubeconfig(cluster: string): Promise<void> {
	for (const path of [kubeconfigPath(cluster), unprovenPath(cluster)]) await rm(path, { force: true });
}
