/** Which disks are full where a step found no room, and how there is room again. */
import { statfsSync } from "node:fs";
import { execaSync } from "execa";
import { readInfo } from "../engine/readEngine.ts";
import { systemPath } from "../path.ts";
import { nearest, type Place, placesKept, placesOfBuilds } from "./places.ts";

/** What programs say, and Node.js, where a disk or a user's share of it is full. */
export const noRoom = /no space left on device|disk quota exceeded|ENOSPC|EDQUOT/i;

/** A line for each place where set-up writes and has less room than it may need. */
export function fullDisks(places = placesWritten()): string[] {
	return places.flatMap(({ what, folder, most, more }) => {
		const { bavail, blocks, bsize } = statfsSync(nearest(folder));
		const [free, all] = [bavail * bsize, blocks * bsize];
		const mib = (bytes: number) => Math.floor(bytes / 2 ** 20);
		return free < most ? [`${what}: ${mib(free)} of ${mib(all)} MiB are free at ${folder}; more: ${more}`] : [];
	});
}

export function placesWritten(): Place[] {
	const go = ask("go", ["env", "GOCACHE", "GOMODCACHE"])?.split("\n") ?? [];
	return [...placesKept(engineFolder(), { nodes: 0, setUp: true }), ...placesOfBuilds(go)];
}

/** The engine's data; undefined where it does not answer, or is not on this machine: its path means nothing here. */
function engineFolder(): string | undefined {
	const info = ask("docker", ["info", "--format", "{{json .}}"]);
	const answer = info === undefined ? undefined : readInfo(JSON.parse(info));
	return answer && "engine" in answer && answer.engine.here ? answer.engine.dataFolder : undefined;
}

/** What a program answers; undefined where it does not. */
function ask(program: string, args: string[]): string | undefined {
	const { failed, stdout } = execaSync(program, args, { reject: false, timeout: 10_000, env: { PATH: systemPath() } });
	return failed ? undefined : stdout;
}
