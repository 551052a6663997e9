/** One set-up at a time on a machine: all clones write the same cache, and there is one Docker engine. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { withLock as withFileLock } from "../../lib/lock.ts";
import { removeUnfinished } from "../cache.ts";
import { cacheRoot } from "../layout.ts";
import { endLeftovers, endPrograms } from "../run.ts";

/** A machine that slept for long no longer has the lock, and another set-up may have it. */
async function end(why: string): Promise<void> {
	console.error(`Set-up lost its lock (${why}), perhaps as the machine slept; run the same command again.`);
	await endPrograms();
	process.exit(1);
}

/** Does the work while no other set-up runs; tells `say` if it must wait for one. */
export async function withLock<T>(say: (text: string) => void, work: () => Promise<T>): Promise<T> {
	await mkdir(cacheRoot(), { recursive: true });
	const lock = {
		file: join(cacheRoot(), "set-up"),
		onWait: (holder: string) =>
			say(`Another set-up (${holder}) runs on this machine, or was killed just now: waiting for it to end.`),
		onLost: end,
	};
	return withFileLock(lock, async () => {
		endLeftovers();
		await removeUnfinished();
		return work();
	});
}
