import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { machineState } from "../layout.ts";
import { type Advice, asRoot } from "../setupError.ts";

const setting = "/proc/sys/fs/inotify/max_user_instances";
const watchesSetting = "/proc/sys/fs/inotify/max_user_watches";
/** Contains the limit from before set-up raised it. */
const record = join(machineState, "inotify-limit");

/**
 * The inotify instances of a lab: measured 27 for the control plane and 13 for each worker. A node that gets none fails
 * at boot. The kernel's default is 128 for each user, and all nodes run as root.
 */
export const labInstances = (workers: number): number => 27 + 13 * workers;

/** Enough for several labs and the tests' cluster. */
export const wantedInstances = 512;

/** The watches of all instances of a lab: measured up to 286 for the control plane and 162 for each worker. */
export const labWatches = (workers: number): number => 290 + 165 * workers;

/** The smallest default of a kernel: enough for ten labs of four nodes, or for one next to an editor or two. */
export const wantedWatches = 8192;

/** A kernel limit; undefined outside Linux. */
const limitIn = (file: string): number | undefined =>
	process.platform === "linux" ? Number(readFileSync(file, "utf8")) : undefined;

/** The number of instances that each user may have. */
export const allowedInstances = (file = setting): number | undefined => limitIn(file);

/** The number of watches that each user may have in all instances together. */
export const allowedWatches = (file = watchesSetting): number | undefined => limitIn(file);

/** Raises that limit until the next boot to the value from https://kind.sigs.k8s.io/docs/user/known-issues/ */
export const watchesFix = (): string => asRoot("sysctl fs.inotify.max_user_watches=524288");

/** A warning if the limit is low. */
export function inotifyAdvice(allowed = allowedInstances()): Advice | undefined {
	if (allowed === undefined || allowed >= wantedInstances) return undefined;
	return {
		found: `this machine allows ${allowed} inotify instances per user; nodes of a second lab may fail to start`,
		fix: asRoot(`sysctl fs.inotify.max_user_instances=${wantedInstances}`),
	};
}

/** Raises the limit until the next boot. @returns a message for the user; undefined if the limit is high enough */
export function raiseInotify(file = setting): string | undefined {
	const allowed = allowedInstances(file);
	if (inotifyAdvice(allowed) === undefined) return undefined;
	mkdirSync(dirname(record), { recursive: true });
	writeFileSync(record, String(allowed));
	writeFileSync(file, String(wantedInstances));
	return `Raised fs.inotify.max_user_instances from ${allowed} to ${wantedInstances} until the next boot: the nodes need more instances.`;
}

/** Restores the limit from before raiseInotify, unless it has changed since. @returns a message for the user */
export function restoreInotify(file = setting): string | undefined {
	if (!existsSync(record) || Number(readFileSync(file, "utf8")) !== wantedInstances) return undefined;
	const before = readFileSync(record, "utf8");
	writeFileSync(file, before);
	return `Restored fs.inotify.max_user_instances to ${before}.`;
}
