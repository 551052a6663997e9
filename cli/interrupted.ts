/** What an update that was killed leaves, where the state is the project's own: its lock, and objects of no record. */
import { readdir, readFile } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import { kubeconfigPath } from "../cluster/access.ts";
import { isRunning } from "../cluster/process.ts";
import { run } from "../cluster/programs.ts";
import { stack } from "./stack.ts";

const stateFolder = ".state/.pulumi";
const stackName = stack.split("/").at(-1) ?? "";

/** The state is the user's own, elsewhere. */
const isElsewhere = (): boolean => Boolean(process.env.PULUMI_BACKEND_URL);

const noneYet = (error: NodeJS.ErrnoException): undefined => {
	if (error.code !== "ENOENT") throw error;
};

/** The DIY backend's lock: pkg/backend/diy/lock.go of Pulumi. */
const Lock = z.object({ pid: z.int(), hostname: z.string(), timestamp: z.string() });
type Lock = z.infer<typeof Lock>;

/**
 * Releases the stack's lock where the process that took it is gone: a killed one's would stop every later command. One
 * that may still run, or runs on another machine, is left for Pulumi to tell of.
 */
export async function releaseLeftLocks(): Promise<void> {
	if (isElsewhere()) return;
	const found = await locks();
	if (found.length === 0 || !found.every(isLeft)) return;
	console.error(
		`releasing the stack's lock: process ${found.map(({ pid }) => pid).join(", ")}, which took it, is gone`,
	);
	await execa("pulumi", ["cancel", "--yes", "--stack", stack]);
}

async function locks(): Promise<Lock[]> {
	const folder = join(stateFolder, "locks/organization/nodeport-lab", stackName);
	const files = (await readdir(folder).catch(noneYet)) ?? [];
	const json = files.filter((file) => file.endsWith(".json"));
	return Promise.all(json.map(async (file) => Lock.parse(JSON.parse(await readFile(join(folder, file), "utf8")))));
}

function isLeft({ pid, hostname: where, timestamp }: Lock): boolean {
	if (where !== hostname()) return false;
	const booted = Date.now() - uptime() * 1000;
	return Date.parse(timestamp) < booted || !isRunning(pid);
}

const Creation = z.object({ urn: z.string(), type: z.string(), inputs: z.unknown() });
export type Creation = z.infer<typeof Creation>;

/** The part of a DIY backend's checkpoint that says what was being made when an update ended. */
const Checkpoint = z.object({
	checkpoint: z.object({
		latest: z.object({
			resources: z.array(z.object({ urn: z.string() })).default([]),
			pending_operations: z.array(z.object({ type: z.string(), resource: Creation })).default([]),
		}),
	}),
});

/** What killed updates were making. An update leaves such notes where they are, a refresh can clear them. */
export async function pendingCreations(): Promise<{ creation: Creation; recorded: boolean }[]> {
	if (isElsewhere()) return [];
	const text = await readFile(join(stateFolder, "stacks/nodeport-lab", `${stackName}.json`), "utf8").catch(noneYet);
	if (text === undefined) return [];
	const { resources, pending_operations } = Checkpoint.parse(JSON.parse(text)).checkpoint.latest;
	const known = new Set(resources.map(({ urn }) => urn));
	return pending_operations
		.filter(({ type }) => type === "creating")
		.map(({ resource }) => ({ creation: resource, recorded: known.has(resource.urn) }));
}

const Inputs = z.object({ metadata: z.object({ name: z.string(), namespace: z.string().default("default") }) });

/**
 * Removes from the cluster what killed updates were making in it: the state has no record of it, and the next update
 * would stop as it "already exists". The cluster is the stack's own, so nobody else has made what is so called.
 */
export async function removeUnrecorded(cluster: string): Promise<void> {
	for (const { creation, recorded } of await pendingCreations()) {
		const [, group = "", version, kind] = /^kubernetes:(?:([^/:]+)\/)?([^/:]+):(\w+)$/.exec(creation.type) ?? [];
		if (recorded || kind === undefined) continue;
		const { name, namespace } = Inputs.parse(creation.inputs).metadata;
		console.error(`removing ${kind} ${namespace}/${name}, which an interrupted update was making`);
		const what = group === "core" ? kind : `${kind}.${version}.${group}`;
		const where = ["--kubeconfig", kubeconfigPath(cluster), "--namespace", namespace];
		await run("kubectl", [...where, "delete", what, name, "--ignore-not-found", "--timeout=60s"]);
	}
}
