/** Locks between the processes of this machine. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import lockfile from "proper-lockfile";

/** A lock that wasn't renewed for so long belongs to a killed process; a living one renews it five times as often. */
const stale = 10_000;

const retries = { forever: true, minTimeout: 500, maxTimeout: 500 };

export interface Lock {
	/** Its folder must exist. */
	file: string;
	/** Called if another process holds the lock. */
	onWait: (holder: string) => void;
	/** Called if another process took the lock, as after the machine slept. Must end what the work has started. */
	onLost: (why: string) => void;
}

/** Runs the work while this process holds the lock. Waits for the lock without a time limit. */
export async function withLock<T>({ file, onWait, onLost }: Lock, work: () => Promise<T>): Promise<T> {
	const holder = `${file}.pid`;
	const options = { realpath: false, stale, update: stale / 5 };
	if (await lockfile.check(file, options)) {
		onWait(`process ${await readFile(holder, "utf8").catch(() => "(unknown id)")}`);
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

/** Runs the work while no other process on this machine creates, changes or deletes the cluster. */
export const locked = <T>(cluster: string, work: () => Promise<T>): Promise<T> =>
	withLock(
		{
			// A command that gives its programs a TMPDIR of their own names the shared folder.
			file: join(process.env.NODEPORT_LAB_LOCKS ?? tmpdir(), `nodeport-lab-${cluster}`),
			onWait: (holder) => console.error(`waiting for ${holder}, which has locked cluster ${cluster}`),
			onLost: (why) => {
				console.error(
					`error: lost the lock of cluster ${cluster} (${why}), perhaps because the machine slept; ` +
						"fix: run the same command again",
				);
				process.exit(1); // This also ends the programs that it has started.
			},
		},
		work,
	);
