/** Full disks, and how to free space on them. */
import { statfsSync } from "node:fs";
import { execaSync } from "execa";
import { readInfo } from "../engine/readEngine.ts";
import { systemPath } from "../path.ts";
import { nearest, type Place, placesKept, placesOfBuilds } from "./places.ts";

/** The messages of programs and Node.js about a full disk or quota. */
export const noRoom = /no space left on device|disk quota exceeded|ENOSPC|EDQUOT/i;

/** A line for each place where set-up may run out of space. */
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

/** The engine's data; undefined if the engine doesn't answer or isn't on this machine. */
function engineFolder(): string | undefined {
	const info = ask("docker", ["info", "--format", "{{json .}}"]);
	const answer = info === undefined ? undefined : readInfo(JSON.parse(info));
	return answer && "engine" in answer && answer.engine.here ? answer.engine.dataFolder : undefined;
}

/** A program's output; undefined if it fails. */
function ask(program: string, args: string[]): string | undefined {
	const { failed, stdout } = execaSync(program, args, { reject: false, timeout: 10_000, env: { PATH: systemPath() } });
	return failed ? undefined : stdout;
}
