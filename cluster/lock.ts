import { tmpdir } from "node:os";
import { join } from "node:path";
import lockfile from "proper-lockfile";

/** One maker or breaker of a cluster at a time on this machine; a second one waits and says so. */
export async function locked<T>(name: string, work: () => Promise<T>): Promise<T> {
	const path = join(tmpdir(), `nodeport-lab-${name}`);
	const options = { realpath: false, stale: 15_000, update: 5_000 };
	if (await lockfile.check(path, options)) console.error(`waiting for another run to finish with cluster ${name}`);
	const release = await lockfile.lock(path, { ...options, retries: { retries: 600, minTimeout: 1000, factor: 1 } });
	try {
		return await work();
	} finally {
		await release();
	}
}
