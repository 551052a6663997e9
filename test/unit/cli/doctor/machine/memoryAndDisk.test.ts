import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fileSystemsOf, judgeDisk, judgeMemory } from "../../../../../cli/doctor/machine/memoryAndDisk.ts";
import { placesKept } from "../../../../../toolchain/machine/places.ts";
import { temporaryFolder } from "../../../temporary.ts";

const folder = temporaryFolder();
const GiB = 2 ** 30;

it.each([
	["enough", { total: 4 * GiB, available: 2 * GiB }, 3, true, "ok", undefined],
	["enough for a running cluster", { total: 4 * GiB, available: 0.6 * GiB }, 3, false, "ok", undefined],
	["enough on another machine", { total: 4 * GiB }, 3, true, "ok", undefined],
	["too little free now", { total: 4 * GiB, available: 1.4 * GiB }, 3, true, "warning", "pulumi config set workers 2"],
	[
		"too little free even for one",
		{ total: 4 * GiB, available: GiB },
		3,
		true,
		"warning",
		/^close other programs, or add memory$/,
	],
	[
		"too little free next to the cluster",
		{ total: 4 * GiB, available: 0.4 * GiB },
		3,
		false,
		"warning",
		/^close other programs, or add memory$/,
	],
	["too little on another machine next to the nodes", { total: 1.3 * GiB }, 3, true, "warning", /workers 1$/],
	[
		"less than the nodes need",
		{ total: 0.9 * GiB, available: 0.9 * GiB },
		3,
		true,
		"stop",
		/^close other programs, or add memory$/,
	],
	["less than 50 workers need", { total: 4 * GiB, available: 4 * GiB }, 50, true, "stop", /workers 21$/],
])("memory: %s (%o, %d workers)", (_, memory, workers, missing, level, fix) => {
	const finding = judgeMemory(memory, workers, missing);
	expect(finding).toMatchObject({ subject: "memory", level });
	if (fix === undefined) expect(finding.fix).toBeUndefined();
	else expect(finding.fix).toMatch(fix);
});

const uses = [
	{ what: "a", folder: "/a", least: GiB, most: 2 * GiB, more: "empty a" },
	{ what: "b", folder: "/b", least: GiB, most: 2 * GiB, more: "empty b" },
];

it.each([
	["room for everything on it", 4 * GiB, "ok"],
	["room for the least that is needed", 4 * GiB - 1, "warning"],
	["too little in any case", 2 * GiB - 1, "stop"],
])("disk: %s", (_, free, level) => {
	const finding = judgeDisk({ folder: "/a", free, uses });
	expect(finding).toMatchObject({ level, found: expect.stringMatching(/GiB free for a, b \(\/a\); .*4\.0 GiB/) });
	expect(finding.fix).toBe(level === "ok" ? undefined : "empty a, or empty b");
});

it("disk: the fix is for the folders on that file system that grow", () => {
	const [engine, cache, own] = placesKept("/data", { nodes: 4, setUp: false });
	const fix = (...uses: (typeof engine)[]) =>
		judgeDisk({ folder: "/", free: 0, uses: uses.flatMap((use) => (use ? [use] : [])) }).fix;
	expect(fix(own)).toBe("rm -rf out/evidence-*");
	expect(fix(engine)).toBe("docker builder prune && docker image prune");
	expect(fix(cache, own)).toBe("rm -rf out/evidence-*");
	expect(fix(placesKept("/data", { nodes: 0, setUp: true })[1])).toContain("export XDG_CACHE_HOME=");
});

it("a complete lab needs little more room; a new one needs room for its nodes, images and programs", () => {
	const most = (lack: Parameters<typeof placesKept>[1]) =>
		placesKept("/var/lib/docker", lack).map(({ most }) => Number((most / GiB).toFixed(1)));
	expect(most({ nodes: 0, setUp: false })).toEqual([0, 0, 0.1]);
	expect(most({ nodes: 4, setUp: false })).toEqual([2.9, 0, 0.1]);
	expect(most({ nodes: 4, setUp: true })).toEqual([4.9, 1, 0.1]);
	expect(placesKept(undefined, { nodes: 4, setUp: true }).map(({ what }) => what)).not.toContain("the engine's data");
});

it("folders on one file system are judged together, even if they don't exist yet", async () => {
	await mkdir(join(folder.path, "there"));
	const use = (at: string) => ({ what: at, folder: join(folder.path, at), least: 0, most: 0, more: "" });
	const systems = await fileSystemsOf([use("there"), use("not/yet")]);
	expect(systems).toHaveLength(1);
	expect(systems[0]?.uses.map(({ what }) => what)).toEqual(["there", "not/yet"]);
	expect(systems[0]?.free).toBeGreaterThan(0);
	const others = await fileSystemsOf([
		{ ...use("there"), folder: tmpdir() },
		{ ...use("there"), folder: "/proc" },
	]);
	expect(others).toHaveLength(2);
});
