/** What a killed update leaves: the stack's lock, and objects that the state doesn't record. */
import { readdir } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Access } from "../../kubernetes/kubeAccess.ts";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import { removeObject } from "../../kubernetes/namedObjects.ts";
import { ifMissing, readIfExists } from "../../lib/atomicFile.ts";
import { isRunning, startedAt } from "../../lib/process.ts";
import type { Owners } from "./ownNamespace.ts";
import { cancelUpdate } from "./pulumiCli.ts";
import { stackName } from "./stack.ts";
import { isElsewhere, pendingCreations, type StackState, stateFolder } from "./stackState.ts";

/** The DIY backend's lock: pkg/backend/diy/lock.go of Pulumi. */
const Lock = z.object({ pid: z.int(), hostname: z.string(), timestamp: z.string() });
type Lock = z.infer<typeof Lock>;

/**
 * Waits while a process of this machine holds the stack's lock, such as a `pulumi up` in another terminal, and releases the
 * lock of a killed process, which would stop every later command. Pulumi itself reports a lock of another machine.
 * @returns whether no other update can be running; unknown, thus false, if the user keeps the state elsewhere
 */
export async function settleLocks(): Promise<boolean> {
	if (isElsewhere()) return false;
	for (let said = ""; ; await sleep(500)) {
		const found = await locks();
		if (found.length === 0) return true;
		if (found.some(({ hostname: where }) => where !== hostname())) return false;
		const held = found.filter((lock) => !isStale(lock));
		if (held.length === 0) {
			await release(found);
			return true;
		}
		const waiting = `waiting for ${processes(held)}, which is updating the stack ${stackName}`;
		if (waiting !== said) console.error(waiting);
		said = waiting;
	}
}

async function release(left: Lock[]): Promise<void> {
	console.error(`${processes(left)} has ended: releasing the stack's lock that it left`);
	await cancelUpdate();
}

const processes = (locks: Lock[]): string => `process ${locks.map(({ pid }) => pid).join(", ")}`;

async function locks(): Promise<Lock[]> {
	const folder = join(stateFolder, "locks/organization/nodeport-lab", stackName);
	const files = (await readdir(folder).catch(ifMissing)) ?? [];
	const json = files.filter((file) => file.endsWith(".json"));
	const texts = await Promise.all(json.map((file) => readIfExists(join(folder, file))));
	return texts.flatMap((text) => (text === undefined ? [] : Lock.parse(JSON.parse(text)))); // An update may end meanwhile.
}

/** Whether the lock's process is gone; a newer process may have the same number. */
function isStale({ pid, timestamp }: Lock): boolean {
	const taken = Date.parse(timestamp);
	const booted = Date.now() - uptime() * 1000;
	// Both times have a resolution of one second.
	return taken < booted || !isRunning(pid) || (startedAt(pid) ?? 0) > taken + 1000;
}

/**
 * Removes from the cluster what interrupted updates were creating: the state doesn't record it, and the next update would
 * fail because it "already exists". Call it only while no other update runs.
 * @param owners of an existing cluster: it removes objects only from the stack's own namespaces, because objects of that
 * name elsewhere may be foreign
 */
export async function removeUnrecorded(access: Access, state: StackState, owners?: Owners): Promise<void> {
	const cluster = new Cluster(access);
	for (const { type, recorded, object } of pendingCreations(state)) {
		const [, group = "", version, kind] = /^kubernetes:(?:([^/:]+)\/)?([^/:]+):(\w+)$/.exec(type) ?? [];
		if (recorded || version === undefined || kind === undefined || object === undefined) continue;
		const { name, namespace } = object;
		const home = kind === "Namespace" ? name : namespace;
		if (owners && (await owners(home)) !== "own") continue;
		console.error(`removing ${kind} ${namespace}/${name}, which an interrupted update was creating`);
		const apiVersion = group === "core" ? version : `${group}/${version}`;
		const metadata = { name, ...(kind !== "Namespace" && { namespace }) };
		await removeObject(cluster, { apiVersion, kind, metadata });
	}
}
