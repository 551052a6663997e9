import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { judgeCapabilities, judgeControlGroups, judgeInotify, judgeWatches } from "../../../../cli/doctor/limits.ts";
import { engine } from "./machine.ts";

// Whoever runs the tests: root gives commands as they are, others by sudo.
beforeEach(() => {
	vi.spyOn(process, "getuid").mockReturnValue(0);
});
afterEach(() => {
	vi.restoreAllMocks();
});

it.each([
	["version 2", { cgroupVersion: 2, rootless: false }, false, "ok"],
	["version 2, rootless", { cgroupVersion: 2, rootless: true }, false, "ok"],
	["version 1 with the node image that set-up built", { cgroupVersion: 1, rootless: false }, true, "ok"],
	["version 1 with another node image", { cgroupVersion: 1, rootless: false }, false, "warning"],
	["version 1, rootless", { cgroupVersion: 1, rootless: true }, true, "stop"],
] as const)("control groups: %s", (_, groups, ownImage, level) => {
	const finding = judgeControlGroups(groups, ownImage);
	expect(finding).toMatchObject({ level, found: expect.stringContaining(`cgroup version ${groups.cgroupVersion}`) });
	expect(finding.fix ?? "none").toContain(level === "ok" ? "none" : "systemd.unified_cgroup_hierarchy=1");
});

it.each([
	["root has all", engine, false, "ok", "all that the kernel knows"],
	["an engine that heeds what is missing", { ...engine, defaultRuntime: "bounded" }, true, "ok", "the engine runs"],
	["one that set-up will start", undefined, true, "ok", "the engine will run"],
	["one elsewhere", { ...engine, here: false }, true, "ok", "engine's own machine"],
	["one that heeds nothing", engine, true, "warning", "unable to apply caps"],
] as const)("capabilities: %s", (_, state, lacking, level, found) => {
	const finding = judgeCapabilities(state, lacking);
	expect(finding).toMatchObject({ level, found: expect.stringContaining(found) });
	expect(finding.fix ?? "none").toContain(level === "ok" ? "none" : "npm run setup");
});

it.each([
	["enough for two labs", 512, 3, false, "ok"],
	["enough for one", 128, 3, false, "warning"],
	["just enough for the workers that it has", 66, 3, false, "warning"],
	["too few for the workers that it has", 65, 3, false, "stop"],
	["too few for ten workers", 128, 10, false, "stop"],
	["few, and set-up raises the limit", 128, 10, true, "ok"],
])("inotify: %s (%d, %d workers)", (_, allowed, workers, raises, level) => {
	const finding = judgeInotify(allowed, workers, raises);
	expect(finding).toMatchObject({ level, found: expect.stringContaining(String(allowed)) });
	expect(finding.fix).toBe(level === "ok" ? undefined : "sysctl fs.inotify.max_user_instances=512");
});

it.each([
	["the kernel's least default is enough", 8192, 3, "ok"],
	["less than that leaves little for other programs", 8191, 3, "warning"],
	["just what the workers take", 785, 3, "warning"],
	["too few for the workers that it has", 784, 3, "stop"],
	["too few for fifty workers", 8192, 50, "stop"],
])("inotify watches: %s (%d, %d workers)", (_, allowed, workers, level) => {
	const finding = judgeWatches(allowed, workers);
	expect(finding).toMatchObject({ subject: "inotify", level, found: expect.stringContaining(`${allowed} watches`) });
	expect(finding.fix).toBe(level === "ok" ? undefined : "sysctl fs.inotify.max_user_watches=524288");
});

it("where the user is not root, sudo raises a limit", () => {
	vi.spyOn(process, "getuid").mockReturnValue(1000);
	expect(judgeWatches(100, 3).fix).toBe("sudo sysctl fs.inotify.max_user_watches=524288");
	expect(judgeInotify(10, 3, false).fix).toBe("sudo sysctl fs.inotify.max_user_instances=512");
});
