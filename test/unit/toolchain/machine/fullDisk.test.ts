import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { hostname, release } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, expect, it, vi } from "vitest";
import { findEntry, makeEntry } from "../../../../toolchain/cache.ts";
import { cacheRoot } from "../../../../toolchain/layout.ts";
import { fullDisks, placesWritten } from "../../../../toolchain/machine/fullDisk.ts";
import { logTo } from "../../../../toolchain/run.ts";
import { CommandFailed, explain } from "../../../../toolchain/setupError.ts";
import { temporaryFolder, writeProgram } from "../../temporary.ts";

const folder = temporaryFolder();
const again = "then run the same command again. Unfinished files are removed.";

let mounted = false;
afterEach(async () => {
	if (mounted) await execa("umount", [cacheRoot()]);
	mounted = false;
});

/** A cache on a disk of its own, of one MiB. */
async function tinyCache(): Promise<void> {
	mkdirSync(cacheRoot(), { recursive: true });
	await execa("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", cacheRoot()]);
	mounted = true;
}

const fails = (work: Promise<unknown>): Promise<unknown> =>
	work.then(
		() => expect.unreachable("there was room"),
		(error: unknown) => error,
	);

it.for<[string, (entry: string) => Promise<void>]>([
	["its own writing", (entry: string) => writeFile(join(entry, "program"), Buffer.alloc(2 << 20))],
	[
		"a program's",
		async (entry: string) => {
			await logTo(join(folder.path, "log"))("dd", ["if=/dev/zero", `of=${entry}/program`, "bs=2M", "count=1"]);
		},
	],
])(
	"on a full disk, %s fails with the place, leaves nothing, and succeeds once there is room",
	async ([, make], { skip }) => {
		if (process.getuid?.() !== 0) skip("only root may mount a disk");
		await tinyCache();
		const message = explain("kind", await fails(makeEntry("kind", "key", make)));
		expect(message).toMatch(/^kind: no space left: .*no space left on device/i);
		expect(message).toMatch(/\n {2}set-up's cache: \d+ of 1 MiB are free at \S+; more: export XDG_CACHE_HOME=.*\n/);
		expect(message.endsWith(again), message).toBe(true);
		expect(findEntry("kind", "key")).toBeUndefined();
		expect(readdirSync(join(cacheRoot(), "unfinished"))).toEqual([]);
		await execa("mount", ["-o", "remount,size=8m", cacheRoot()]);
		expect(existsSync(join(await makeEntry("kind", "key", make), "program"))).toBe(true);
	},
);

it("doesn't report an earlier command of a program, which succeeded", () => {
	const log = join(folder.path, "log");
	writeFileSync(log, "$ first\nno space left on device, tried elsewhere\n$ second\nno such host\n");
	expect(explain("kind", new CommandFailed("go ended with exit code 1", log))).not.toContain("kind: no space left");
});

it("checks a folder that doesn't exist yet on the disk that it will be on", () => {
	const place = { what: "the cache", folder: "/proc/not/there", least: 0, most: 1, more: "clear it" };
	expect(fullDisks([place])).toEqual(["the cache: 0 of 0 MiB are free at /proc/not/there; more: clear it"]);
});

it.runIf(process.platform === "linux").each([
	["on this machine", hostname(), ["/engine/data"]],
	["elsewhere", "elsewhere", []],
])("checks the data folder of an engine %s: its path is on its own machine", (_, Name, folders) => {
	const info = { ServerVersion: "27.1.0", Name, KernelVersion: release(), DockerRootDir: "/engine/data" };
	writeProgram(join(folder.path, "bin/docker"), `echo '${JSON.stringify(info)}'`);
	vi.stubEnv("PATH", `${join(folder.path, "bin")}:/usr/bin:/bin`);
	const engine = placesWritten().filter(({ what }) => what === "the engine's data");
	expect(engine.map(({ folder }) => folder)).toEqual(folders);
});
