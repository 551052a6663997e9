import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { machineState } from "../layout.ts";
import { type Advice, asRoot } from "../setupError.ts";

const setting = "/proc/sys/fs/inotify/max_user_instances";
const watchesSetting = "/proc/sys/fs/inotify/max_user_watches";
/** Holds the limit from before set-up raised it. */
const record = join(machineState, "inotify-limit");

/**
 * What a lab takes: 27 instances the control plane, 13 a worker, as measured. A node that gets none dies at boot; the
 * kernel's default is 128 for all of root's.
 */
export const labInstances = (workers: number): number => 27 + 13 * workers;

/** Enough for labs beside the tests' cluster. */
export const wantedInstances = 512;

/** The watches that a lab's instances hold in all: up to 286 the control plane, 162 a worker, as measured. */
export const labWatches = (workers: number): number => 290 + 165 * workers;

/** The least that a kernel allows by itself: ten labs of four nodes, or one beside an editor or two. */
export const wantedWatches = 8192;

/** A limit of the kernel's; undefined where there is none such (no Linux). */
const limitIn = (file: string): number | undefined =>
	process.platform === "linux" ? Number(readFileSync(file, "utf8")) : undefined;

/** How many instances a user may have. */
export const allowedInstances = (file = setting): number | undefined => limitIn(file);

/** How many watches a user may have, in all instances together. */
export const allowedWatches = (file = watchesSetting): number | undefined => limitIn(file);

/** Raises that limit until the next boot, to what kind advises: https://kind.sigs.k8s.io/docs/user/known-issues/ */
export const watchesFix = (): string => asRoot("sysctl fs.inotify.max_user_watches=524288");

/** What the user should know where that many are few. */
export function inotifyAdvice(allowed = allowedInstances()): Advice | undefined {
	if (allowed === undefined || allowed >= wantedInstances) return undefined;
	return {
		found: `this machine allows ${allowed} inotify instances a user; nodes of a second lab may fail to start`,
		fix: asRoot(`sysctl fs.inotify.max_user_instances=${wantedInstances}`),
	};
}

/** Raises the limit until the next boot. @returns what was done, for the user; undefined: nothing had to be */
export function raiseInotify(file = setting): string | undefined {
	const allowed = allowedInstances(file);
	if (inotifyAdvice(allowed) === undefined) return undefined;
	mkdirSync(dirname(record), { recursive: true });
	writeFileSync(record, String(allowed));
	writeFileSync(file, String(wantedInstances));
	return `Raised fs.inotify.max_user_instances from ${allowed} to ${wantedInstances} until the next boot: nodes need them.`;
}

/** Takes back what raiseInotify did, unless the limit was changed since. @returns what was done, for the user */
export function restoreInotify(file = setting): string | undefined {
	if (!existsSync(record) || Number(readFileSync(file, "utf8")) !== wantedInstances) return undefined;
	const before = readFileSync(record, "utf8");
	writeFileSync(file, before);
	return `Set fs.inotify.max_user_instances back to ${before}.`;
}
