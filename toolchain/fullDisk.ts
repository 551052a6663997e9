/** Which disks are full where a step found no room, and how there is room again. */
import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { execaSync } from "execa";
import { cacheRoot, project } from "./layout.ts";
import { systemPath } from "./path.ts";

/** What programs say, and Node.js, where a disk or a user's share of it is full. */
export const noRoom = /no space left on device|disk quota exceeded|ENOSPC|EDQUOT/i;

/** The share of a first set-up's 4 GiB that no single place exceeds, in MiB. */
const most = 2048;

interface Place {
	what: string;
	path: string;
	/** How to have more room there. */
	more: string;
}

/** A line for each place where set-up writes and has less room than it may need. */
export function fullDisks(places = placesWritten()): string[] {
	return places.flatMap(({ what, path, more }) => {
		const { bavail, blocks, bsize } = statfsSync(existing(path));
		const [free, all] = [bavail, blocks].map((count) => Math.floor((count * bsize) / 2 ** 20));
		return free !== undefined && free < most ? [`${what}: ${free} of ${all} MiB are free at ${path}; ${more}`] : [];
	});
}

function placesWritten(): Place[] {
	const [build, modules] = ask("go", ["env", "GOCACHE", "GOMODCACHE"]);
	const [engine] = ask("docker", ["info", "--format", "{{.DockerRootDir}}"]);
	return [
		{ what: "set-up's cache", path: cacheRoot(), more: "XDG_CACHE_HOME names another place" },
		{ what: "Go's build cache", path: build ?? "", more: "`go clean -cache` empties it" },
		{ what: "Go's modules", path: modules ?? "", more: "`go clean -modcache` empties them" },
		{ what: "temporary files", path: process.env.GOTMPDIR || tmpdir(), more: "TMPDIR names another place" },
		{ what: "the Docker engine", path: engine ?? "", more: "`docker system df` shows what it holds" },
		{ what: "this project", path: project, more: "`du -sh *` shows what takes it" },
	].filter(({ path }) => path !== "");
}

/** The lines that a program answers; none where it does not. */
function ask(program: string, args: string[]): string[] {
	const { failed, stdout } = execaSync(program, args, { reject: false, timeout: 10_000, env: { PATH: systemPath() } });
	return failed ? [] : stdout.split("\n");
}

/** The folder itself, or the nearest one above it that exists: on the same disk. */
const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)));
