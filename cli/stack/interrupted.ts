/** What an update that was killed leaves, where the state is the project's own: its lock, and objects of no record. */
import { readdir, readFile } from "node:fs/promises";
import { hostname, uptime } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { z } from "zod";
import { isRunning, startedAt } from "../../lib/process.ts";
import { kubectl } from "./kubectl.ts";
import { whoseNamespace } from "./ownNamespace.ts";
import { stack, stackName } from "./stack.ts";
import type { StackCluster } from "./stackCluster.ts";
import { isElsewhere, noneYet, pendingCreations, stateFolder } from "./state.ts";

/** The DIY backend's lock: pkg/backend/diy/lock.go of Pulumi. */
const Lock = z.object({ pid: z.int(), hostname: z.string(), timestamp: z.string() });
type Lock = z.infer<typeof Lock>;

/**
 * Waits while a process of this machine has the stack's lock, such as a `pulumi up` in another terminal, and releases the
 * lock where its process is gone: a killed one's would stop every later command. One of another machine is left for
 * Pulumi to tell of.
 * @returns whether no other update can be at work; where the state is elsewhere that is not known
 */
export async function settleLocks(): Promise<boolean> {
	if (isElsewhere()) return false;
	for (let said = ""; ; await sleep(500)) {
		const found = await locks();
		if (found.length === 0) return true;
		if (found.some(({ hostname: where }) => where !== hostname())) return false;
		const living = found.filter((lock) => !isLeft(lock));
		if (living.length === 0) {
			await release(found);
			return true;
		}
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

/**
 * Removes from the cluster what killed updates were making in it, once no other is at work: the state has no record of
 * it, and the next update would stop as it "already exists". Where the cluster is the stack's own, nobody else has made
 * what is so called; in another, that holds in the stack's own namespaces: what the notes name elsewhere may be
 * anybody's, and stays.
 */
export async function removeUnrecorded({ kind: whose, access }: Pick<StackCluster, "kind" | "access">): Promise<void> {
	for (const { type, recorded, object } of await pendingCreations()) {
		const [, group = "", version, kind] = /^kubernetes:(?:([^/:]+)\/)?([^/:]+):(\w+)$/.exec(type) ?? [];
		if (recorded || kind === undefined || object === undefined) continue;
		const { name, namespace } = object;
		const home = kind === "Namespace" ? name : namespace;
		if (whose === "existing" && (await whoseNamespace(access, home)) !== "ours") continue;
		console.error(`removing ${kind} ${namespace}/${name}, which an interrupted update was making`);
		const what = group === "core" ? kind : `${kind}.${version}.${group}`;
		await kubectl(access, namespace, "delete", what, name, "--ignore-not-found", "--timeout=60s");
	}
}
