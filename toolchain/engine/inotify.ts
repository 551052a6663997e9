import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { machineState } from "../layout.ts";

const setting = "/proc/sys/fs/inotify/max_user_instances";
/** Holds the limit from before set-up raised it. */
const record = join(machineState, "inotify-limit");

/**
 * One lab with three workers takes 66 instances (27 the control plane, 13 a worker, as measured), and the tests' cluster
 * as many again; the kernel's default is 128 for all of root's. A node that gets none dies at boot.
 */
const wanted = 512;

/** How many instances a user may have, where that is too few for two labs; undefined where it is enough or not known. */
function tooFew(file = setting): number | undefined {
	if (process.platform !== "linux") return undefined;
	const allowed = Number(readFileSync(file, "utf8"));
	return allowed < wanted ? allowed : undefined;
}

/** What the user should know where the machine's limit is low. */
export function inotifyNotice(): string | undefined {
	const allowed = tooFew();
	if (allowed === undefined) return undefined;
	return (
		`This machine allows ${allowed} inotify instances a user, enough for one lab at a time; nodes of a second may ` +
		`fail to start. More: sysctl fs.inotify.max_user_instances=${wanted}`
	);
}

/** Raises the limit until the next boot. @returns what was done, for the user; undefined: nothing had to be */
export function raiseInotify(file = setting): string | undefined {
	const allowed = tooFew(file);
	if (allowed === undefined) return undefined;
	mkdirSync(dirname(record), { recursive: true });
	writeFileSync(record, String(allowed));
	writeFileSync(file, String(wanted));
	return `Raised fs.inotify.max_user_instances from ${allowed} to ${wanted} until the next boot: nodes need them.`;
}

/** Takes back what raiseInotify did, unless the limit was changed since. @returns what was done, for the user */
export function restoreInotify(file = setting): string | undefined {
	if (!existsSync(record) || Number(readFileSync(file, "utf8")) !== wanted) return undefined;
	const before = readFileSync(record, "utf8");
	writeFileSync(file, before);
	return `Set fs.inotify.max_user_instances back to ${before}.`;
}
