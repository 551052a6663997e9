/** Removes what set-up added to this machine, and prints what it removes and what stays. */
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownDockerd, stopOwnDockerd } from "../engine/dockerd.ts";
import { restoreInotify } from "../engine/inotify.ts";
import { askEngine } from "../engine/readEngine.ts";
import { imagePrefix } from "../images/context.ts";
import { removeReplaced } from "../images/imageBuild.ts";
import { removeLeftovers } from "../images/node.ts";
import { cacheRoot, layout, machineState } from "../layout.ts";
import { logTo, type Run } from "../run.ts";
import { SetupError } from "../setupError.ts";
import { installedEngine, removePackages, whyPackagesStay } from "./debianPackages.ts";

/** The lines that a docker command prints. */
const dockerLines = async (run: Run, ...args: string[]): Promise<string[]> =>
	(await run("docker", args)).stdout.split("\n").filter((line) => line !== "");

/** The clusters' names, running or not. */
type FindClusters = () => Promise<string[]>;

function refuseWhileClustersExist(clusters: string[]): void {
	if (clusters.length === 0) return;
	throw new SetupError(
		`nothing was removed: ${clusters.length === 1 ? "a cluster" : "clusters"} of the lab still exist: ${clusters.join(", ")}`,
		"run `npm run destroy` in the clone that created it",
	);
}

async function removeImages(run: Run): Promise<void> {
	const all = await dockerLines(run, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}");
	const ours = all.filter((name) => name.startsWith(imagePrefix));
	if (ours.length > 0) {
		console.log(`Removing the images ${ours.join(", ")}.`);
		await run("docker", ["image", "rm", "--force", ...ours]);
	}
	await removeReplaced(run);
}

/** Why the engine that set-up started or installed can't be removed; undefined if it can. */
async function whyEngineStays(run: Run, answers: boolean): Promise<string | undefined> {
	if (ownDockerd() === undefined && !(await installedEngine())) return undefined;
	const running = answers ? await dockerLines(run, "ps", "--quiet") : [];
	if (running.length > 0) return `${running.length} containers run on it (docker ps)`;
	return whyPackagesStay();
}

/** Removes the engine and the packages only if set-up started and installed them. */
async function removeEngine(run: Run): Promise<void> {
	if (await stopOwnDockerd()) console.log("Ended the Docker engine that set-up had started.");
	const removed = await removePackages(run);
	if (removed.length > 0) {
		console.log(`Removed the Debian packages that set-up had installed: ${removed.join(", ")}.`);
		console.log(
			"Their settings in /etc and the engine's own data stay: " +
				`\`dpkg --purge ${removed.join(" ")}\` and \`rm -rf /var/lib/docker\` remove them.`,
		);
	}
	const restored = restoreInotify();
	if (restored) console.log(restored);
}

/**
 * Checks everything before it removes anything.
 * @returns the folders that are to go once the machine's lock, which is in one of them, is free
 * @throws SetupError while a cluster of the lab lives
 */
export async function removeAdded(findClusters: FindClusters): Promise<string[]> {
	// Not in the project's folder of logs, which is removed.
	const log = join(tmpdir(), `nodeport-lab-clean-${process.pid}.log`);
	const run = logTo(log);
	const answers = "engine" in (await askEngine());
	if (answers) {
		refuseWhileClustersExist(await findClusters());
		await removeLeftovers(run);
	}
	const stays = await whyEngineStays(run, answers);
	if (answers) await removeImages(run);
	else console.log("No Docker engine answers, so its images stay.");
	if (stays === undefined) await removeEngine(run);
	else console.log(`The Docker engine that set-up started or installed stays: ${stays}.`);
	await rm(log, { force: true });
	return [layout.folder, cacheRoot(), ...(stays === undefined ? [machineState] : [])];
}
