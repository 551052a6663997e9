/** What an update that was killed leaves, where the state is the project's own: its lock, and objects of no record. */
import { readdir, readFile } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { z } from "zod";
import { ownerAnnotation } from "../cluster/owner.ts";
import { isRunning, startedAt } from "../cluster/process.ts";
import type { Access } from "../verification/access.ts";
import type { StackCluster } from "./cluster.ts";
import { kubectl } from "./kubectl.ts";
import { stack, stackName } from "./stack.ts";
import { type Creation, isElsewhere, latest, noneYet, stateFolder } from "./state.ts";

/** The DIY backend's lock: pkg/backend/diy/lock.go of Pulumi. */
const Lock = z.object({ pid: z.int(), hostname: z.string(), timestamp: z.string() });
type Lock = z.infer<typeof Lock>;

/**
 * Waits while a process of this machine has the stack's lock, such as a `pulumi up` in another terminal, and releases the
 * lock where its process is gone: a killed one's would stop every later command. One of another machine is left for
 * Pulumi to tell of.
 */
export async function settleLocks(): Promise<void> {
	if (isElsewhere()) return;
	for (let said = ""; ; await sleep(500)) {
		const found = await locks();
		if (found.length === 0 || found.some(({ hostname: where }) => where !== hostname())) return;
		const living = found.filter((lock) => !isLeft(lock));
		if (living.length === 0) return release(found);
		const waiting = `waiting for ${processes(living)}, which works on the stack ${stackName}`;
		if (waiting !== said) console.error(waiting);
		said = waiting;
	}
}

async function release(left: Lock[]): Promise<void> {
	console.error(`releasing the stack's lock: ${processes(left)}, which took it, is gone`);
	await execa("pulumi", ["cancel", "--yes", "--stack", stack]);
}

const processes = (locks: Lock[]): string => `process ${locks.map(({ pid }) => pid).join(", ")}`;

async function locks(): Promise<Lock[]> {
	const folder = join(stateFolder, "locks/organization/nodeport-lab", stackName);
	const files = (await readdir(folder).catch(noneYet)) ?? [];
	const json = files.filter((file) => file.endsWith(".json"));
	const texts = await Promise.all(json.map((file) => readFile(join(folder, file), "utf8").catch(noneYet)));
	return texts.flatMap((text) => (text === undefined ? [] : Lock.parse(JSON.parse(text)))); // One may end meanwhile.
}

/** Whether its process is gone; another one may have got the number since. */
function isLeft({ pid, timestamp }: Lock): boolean {
	const taken = Date.parse(timestamp);
	const booted = Date.now() - uptime() * 1000;
	// Both times are known to the second.
	return taken < booted || !isRunning(pid) || (startedAt(pid) ?? 0) > taken + 1000;
}

/** What killed updates were making. An update leaves such notes where they are, a refresh can clear them. */
export async function pendingCreations(): Promise<{ creation: Creation; recorded: boolean }[]> {
	const { resources, pending_operations } = (await latest()) ?? { resources: [], pending_operations: [] };
	const known = new Set(resources.map(({ urn }) => urn));
	return pending_operations
		.filter(({ type }) => type === "creating")
		.map(({ resource }) => ({ creation: resource, recorded: known.has(resource.urn) }));
}

const Inputs = z.object({
	metadata: z.object({
		name: z.string(),
		namespace: z.string().default("default"),
		annotations: z.record(z.string(), z.string()).default({}),
	}),
});

/**
 * Removes from the cluster what killed updates were making in it: the state has no record of it, and the next update
 * would stop as it "already exists". The cluster, or at least the namespace, is the stack's own, so nobody else has made
 * what is so called. A Namespace of a cluster that is not may be anybody's: it goes where it bears the stack's mark, else it
 * stays, and the update says so.
 */
export async function removeUnrecorded({ kind: whose, access }: Pick<StackCluster, "kind" | "access">): Promise<void> {
	for (const { creation, recorded } of await pendingCreations()) {
		const [, group = "", version, kind] = /^kubernetes:(?:([^/:]+)\/)?([^/:]+):(\w+)$/.exec(creation.type) ?? [];
		if (recorded || kind === undefined) continue;
		const { name, namespace, annotations } = Inputs.parse(creation.inputs).metadata;
		const stranger = whose === "existing" && kind === "Namespace";
		if (stranger && !(await bearsMark(access, name, annotations[ownerAnnotation]))) continue;
		console.error(`removing ${kind} ${namespace}/${name}, which an interrupted update was making`);
		const what = group === "core" ? kind : `${kind}.${version}.${group}`;
		await kubectl(access, namespace, "delete", what, name, "--ignore-not-found", "--timeout=60s");
	}
}

async function bearsMark(access: Access, namespace: string, mark: string | undefined): Promise<boolean> {
	if (mark === undefined) return false;
	const path = `--output=jsonpath={.metadata.annotations.${ownerAnnotation}}`;
	const found = await kubectl(access, namespace, "get", "namespace", namespace, "--ignore-not-found", path);
	return found === mark;
}
