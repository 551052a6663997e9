import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Advice } from "../fault.ts";
import { machineState } from "../layout.ts";

const setting = "/proc/sys/fs/inotify/max_user_instances";
/** Holds the limit from before set-up raised it. */
const record = join(machineState, "inotify-limit");

/**
 * What a lab takes: 27 instances the control plane, 13 a worker, as measured. A node that gets none dies at boot; the
 * kernel's default is 128 for all of root's.
 */
export const labInstances = (workers: number): number => 27 + 13 * workers;

/** Enough for labs beside the tests' cluster. */
export const wantedInstances = 512;

/** How many instances a user may have; undefined where there is no such limit (no Linux). */
export function allowedInstances(file = setting): number | undefined {
	return process.platform === "linux" ? Number(readFileSync(file, "utf8")) : undefined;
}

/** What the user should know where that many are few. */
export function inotifyAdvice(allowed = allowedInstances()): Advice | undefined {
	if (allowed === undefined || allowed >= wantedInstances) return undefined;
	return {
		found: `this machine allows ${allowed} inotify instances a user; nodes of a second lab may fail to start`,
		fix: `sysctl fs.inotify.max_user_instances=${wantedInstances}`,
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
