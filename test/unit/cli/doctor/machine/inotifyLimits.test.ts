import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { judgeInotify, judgeWatches } from "../../../../../cli/doctor/machine/inotifyLimits.ts";

// The fixes depend on the user: root doesn't need sudo.
beforeEach(() => {
	vi.spyOn(process, "getuid").mockReturnValue(0);
});
afterEach(() => {
	vi.restoreAllMocks();
});

it.each([
	["enough for two labs", 512, 3, false, "ok"],
	["enough for one lab", 128, 3, false, "warning"],
	["just enough for its workers", 66, 3, false, "warning"],
	["too few for its workers", 65, 3, false, "stop"],
	["too few for ten workers", 128, 10, false, "stop"],
	["too few, but set-up raises the limit", 128, 10, true, "ok"],
])("inotify: %s (%d, %d workers)", (_, allowed, workers, raises, level) => {
	const finding = judgeInotify(allowed, workers, raises);
	expect(finding).toMatchObject({ level, found: expect.stringContaining(String(allowed)) });
	expect(finding.fix).toBe(level === "ok" ? undefined : "sysctl fs.inotify.max_user_instances=512");
});

it.each([
	["the kernel's lowest default", 8192, 3, "ok"],
	["few left for other programs", 8191, 3, "warning"],
	["just enough for its workers", 785, 3, "warning"],
	["too few for its workers", 784, 3, "stop"],
	["too few for fifty workers", 8192, 50, "stop"],
])("inotify watches: %s (%d, %d workers)", (_, allowed, workers, level) => {
	const finding = judgeWatches(allowed, workers);
	expect(finding).toMatchObject({ subject: "inotify", level, found: expect.stringContaining(`${allowed} watches`) });
	expect(finding.fix).toBe(level === "ok" ? undefined : "sysctl fs.inotify.max_user_watches=524288");
});

it("the fix uses sudo unless the user is root", () => {
	vi.spyOn(process, "getuid").mockReturnValue(1000);
	expect(judgeWatches(100, 3).fix).toBe("sudo sysctl fs.inotify.max_user_watches=524288");
	expect(judgeInotify(10, 3, false).fix).toBe("sudo sysctl fs.inotify.max_user_instances=512");
});
