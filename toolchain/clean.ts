/** `npm run clean`: removes what set-up added to this machine, and nothing else; says each thing that it removes. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { markPrefix } from "../cluster/docker.ts";
import { recordedPackages, removePackages } from "./debian.ts";
import { askEngine } from "./engine/ask.ts";
import { ownDockerd, stopOwnDockerd } from "./engine/dockerd.ts";
import { explain, Fault } from "./fault.ts";
import { removeLeftovers } from "./imageSteps.ts";
import type { Run } from "./images/context.ts";
import { cacheRoot, layout, machineState } from "./layout.ts";
import { withLock } from "./lock.ts";
import { systemPath } from "./path.ts";
import { logTo } from "./run.ts";

const imagePrefix = "nodeport-lab/";
const clusterLabel = "io.x-k8s.kind.cluster";

/** Lines of what docker prints. */
async function docker(...args: string[]): Promise<string[]> {
	const { stdout } = await execa("docker", args, { env: { PATH: systemPath() }, lines: true });
	return stdout;
}

const Containers = z.array(
	z.object({
		Config: z.object({ Labels: z.record(z.string(), z.string()) }),
		Mounts: z.array(z.object({ Destination: z.string() })),
	}),
);

/** The names of clusters that this project made, in this clone or another, whether they run or not. */
async function labClusters(): Promise<string[]> {
	const ids = await docker("ps", "--all", "--quiet", "--filter", `label=${clusterLabel}`);
	if (ids.length === 0) return [];
	const nodes = Containers.parse(JSON.parse((await docker("inspect", ...ids)).join("\n")));
	const ours = nodes.filter(({ Mounts }) => Mounts.some(({ Destination }) => Destination.startsWith(markPrefix)));
	return [...new Set(ours.map(({ Config }) => Config.Labels[clusterLabel] ?? "?"))];
}

async function refuseWhileClustersLive(): Promise<void> {
	const clusters = await labClusters();
	if (clusters.length === 0) return;
	throw new Fault(
		`nothing was removed: ${clusters.length === 1 ? "a cluster" : "clusters"} of the lab still lives: ${clusters.join(", ")}`,
		"run `npm run destroy` in the clone that made it",
	);
}

async function removeImages(run: Run): Promise<void> {
	await removeLeftovers(run);
	const all = await docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}");
	const ours = all.filter((name) => name.startsWith(imagePrefix));
	if (ours.length === 0) return;
	console.log(`Removing the images ${ours.join(", ")}.`);
	await docker("image", "rm", "--force", ...ours);
}

/** The engine and the packages go only where set-up started and installed them, and where nobody else uses them. */
async function removeEngine(run: Run): Promise<boolean> {
	const packages = await recordedPackages();
	if (ownDockerd() === undefined && packages.length === 0) return true;
	const answer = await askEngine();
	const running = "engine" in answer ? await docker("ps", "--quiet") : [];
	if (running.length > 0) {
		console.log(`The Docker engine that set-up started stays: ${running.length} containers run on it (docker ps).`);
		return false;
	}
	if (await stopOwnDockerd()) console.log("Ended the Docker engine that set-up had started.");
	const removed = await removePackages(run);
	if (removed.length > 0) {
		console.log(`Removed the Debian packages that set-up had installed: ${removed.join(", ")}.`);
		console.log("The engine's own data stay in /var/lib/docker: `rm -rf /var/lib/docker` removes them.");
	}
	return true;
}

/** @returns the folders that are to go now */
async function clean(): Promise<string[]> {
	// Not in the project's folder of logs, which goes.
	const log = join(tmpdir(), `nodeport-lab-clean-${process.pid}.log`);
	const run = logTo(log);
	if ("engine" in (await askEngine())) {
		await refuseWhileClustersLive();
		await removeImages(run);
	} else console.log("No Docker engine answers: images that it may hold stay.");
	const engineGone = await removeEngine(run);
	await rm(log, { force: true });
	return [layout.folder, cacheRoot(), ...(engineGone ? [machineState] : [])];
}

try {
	// The lock is in one of the folders.
	const folders = await withLock(console.log, clean);
	for (const folder of folders.filter(existsSync)) {
		console.log(`Removing ${folder}.`);
		await rm(folder, { recursive: true, force: true });
	}
	console.log("What stays: node_modules; Go's own caches (go clean -cache -modcache empties them).");
} catch (error) {
	console.error(explain("npm run clean", error));
	process.exit(1);
}
