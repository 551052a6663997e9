/** One set-up at a time on a machine: all clones write the same cache, and there is one Docker engine. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import lockfile from "proper-lockfile";
import { removeUnfinished } from "./cache.ts";
import { cacheRoot } from "./layout.ts";
import { endLeftovers, endPrograms } from "./run.ts";

// A killed set-up's lock counts as left after this time; a living one's is renewed every fifth of it.
const stale = 10_000;

const retries = { forever: true, minTimeout: 500, maxTimeout: 500 };

/** A machine that slept for longer than that no longer has the lock, and another set-up may have it. */
async function onCompromised(error: Error): Promise<void> {
	console.error(`Set-up lost its lock (${error.message}), perhaps as the machine slept; run the same command again.`);
	await endPrograms();
	process.exit(1);
}

/** Does the work while no other set-up runs; tells `say` if it must wait for one. */
export async function withLock<T>(say: (text: string) => void, work: () => Promise<T>): Promise<T> {
	await mkdir(cacheRoot(), { recursive: true });
	const file = join(cacheRoot(), "set-up");
	const holder = `${file}.pid`;
	const options = { realpath: false, stale, update: stale / 5 };
	if (await lockfile.check(file, options)) {
		const pid = await readFile(holder, "utf8").catch(() => "of unknown number");
		say(`Another set-up (process ${pid}) runs on this machine, or was killed just now: waiting for it to end.`);
	}
	const release = await lockfile.lock(file, { ...options, onCompromised, retries });
	try {
		await writeFile(holder, String(process.pid));
		endLeftovers();
		await removeUnfinished();
		return await work();
	} finally {
		await release();
	}
}
