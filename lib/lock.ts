/** Work that only one process of this machine does at a time. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import lockfile from "proper-lockfile";

// A killed holder's lock counts as left after this time; a living one's is renewed every fifth of it.
const stale = 10_000;

const retries = { forever: true, minTimeout: 500, maxTimeout: 500 };

export interface Lock {
	/** In a folder that exists. */
	file: string;
	/** Told where there is a wait, with the process that has the lock. */
	onWait: (holder: string) => void;
	/** The machine slept for so long that another process has taken the lock: must end what the work has started. */
	onLost: (why: string) => void;
}

/** Does the work while it alone has the lock; waits for that as long as it takes. */
export async function withLock<T>({ file, onWait, onLost }: Lock, work: () => Promise<T>): Promise<T> {
	const holder = `${file}.pid`;
	const options = { realpath: false, stale, update: stale / 5 };
	if (await lockfile.check(file, options)) {
		onWait(`process ${await readFile(holder, "utf8").catch(() => "of unknown number")}`);
	}
	const onCompromised = ({ message }: Error) => onLost(message);
	const release = await lockfile.lock(file, { ...options, onCompromised, retries });
	try {
		await writeFile(holder, String(process.pid));
		return await work();
	} finally {
		await rm(holder, { force: true });
		await release();
	}
}

/** One maker or breaker of a cluster at a time on this machine; a second one waits and says so. */
export const locked = <T>(name: string, work: () => Promise<T>): Promise<T> =>
	withLock(
		{
			// A command that gives its programs a TMPDIR of their own names the shared folder.
			file: join(process.env.NODEPORT_LAB_LOCKS ?? tmpdir(), `nodeport-lab-${name}`),
			onWait: (holder) => console.error(`waiting for ${holder}, which works on cluster ${name} or was killed just now`),
			onLost: (why) => {
				console.error(
					`error: lost the lock of cluster ${name} (${why}), perhaps as the machine slept: run the same command again`,
				);
				process.exit(1); // With it end the programs that it has started.
			},
		},
		work,
	);
