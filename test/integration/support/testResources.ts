/** What test runs create on the machine, found by their names; each name contains the process id of its run. */
import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { locked } from "../../../lib/lock.ts";
import { isRunning } from "../../../lib/process.ts";

const namePrefix = "nodeport-test-";
export const clusterName = `${namePrefix}${process.pid}`;
/** The Docker network of this run's clusters. */
export const network: string = clusterName;
export const folderPrefix = "nodeport-lab-integration-";

/** Containers of this run: its clusters' nodes, and its clients outside the cluster. */
export const leftovers = (): Promise<string[]> => containers(`${clusterName}-`);

async function containers(prefix: string): Promise<string[]> {
	const { stdout } = await execa("docker", ["ps", "--all", "--filter", `name=^${prefix}`, "--format", "{{.Names}}"]);
	return stdout.split("\n").filter(Boolean);
}

/** Volumes without a container. Clusters of tests that run at the same time use theirs. */
export async function unusedVolumes(): Promise<string[]> {
	const { stdout } = await execa("docker", ["volume", "ls", "--quiet", "--filter", "dangling=true"]);
	return stdout.split("\n").filter(Boolean);
}

/** Networks of test runs. */
export async function networks(): Promise<string[]> {
	const args = ["network", "ls", "--filter", `name=^${namePrefix}`, "--format", "{{.Name}}"];
	return (await execa("docker", args)).stdout.split("\n").filter(Boolean);
}

/** Removes the containers (with their volumes), networks and folders of runs whose process has ended. */
export const removeLeftovers = (): Promise<void> => locked("test-leftovers", removeEnded);

/** Two test files that start at the same time would remove the same things. */
async function removeEnded(): Promise<void> {
	const dead = (await containers(namePrefix)).filter((name) => hasEnded(name.slice(namePrefix.length)));
	if (dead.length > 0) await execa("docker", ["rm", "--force", "--volumes", ...dead]);
	const unused = (await networks()).filter((name) => hasEnded(name.slice(namePrefix.length)));
	if (unused.length > 0) await execa("docker", ["network", "rm", ...unused]);
	for (const name of await readdir(tmpdir())) {
		if (!name.startsWith(folderPrefix) || !hasEnded(name.slice(folderPrefix.length))) continue;
		await rm(join(tmpdir(), name), { recursive: true, force: true });
	}
}

/** Whether the process whose id a name begins with has ended. */
function hasEnded(name: string): boolean {
	const pid = /^\d+/.exec(name)?.[0];
	return pid !== undefined && !isRunning(Number(pid));
}
