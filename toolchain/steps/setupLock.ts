/** Only one set-up at a time: all clones share the cache and the Docker engine. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { withLock as withFileLock } from "../../lib/lock.ts";
import { removeUnfinished } from "../cache.ts";
import { cacheRoot } from "../layout.ts";
import { endLeftovers, endPrograms } from "../run.ts";

/** After a long sleep of the machine, another set-up may have the lock. */
async function end(why: string): Promise<void> {
	console.error(`Set-up lost its lock (${why}), perhaps because the machine slept. Run the same command again.`);
	await endPrograms();
	process.exit(1);
}

/** Does the work while no other set-up runs. `say` prints that it waits. */
export async function withLock<T>(say: (text: string) => void, work: () => Promise<T>): Promise<T> {
	await mkdir(cacheRoot(), { recursive: true });
	const lock = {
		file: join(cacheRoot(), "set-up"),
		onWait: (holder: string) =>
			say(`Another set-up (${holder}) is running on this machine, or was just killed. Waiting for it to end.`),
		onLost: end,
	};
	return withFileLock(lock, async () => {
		endLeftovers();
		await removeUnfinished();
		return work();
	});
}
