import { expect, it } from "vitest";
import { judgeControlGroups } from "../../../../../cli/doctor/engine/controlGroups.ts";
import { engine } from "../sampleEngine.ts";

it.each([
	["v2", { cgroupVersion: 2 }, false, "ok"],
	["v2, rootless", { cgroupVersion: 2, rootless: true }, false, "ok"],
	["v1 with the node image from set-up", { cgroupVersion: 1 }, true, "ok"],
	["v1 with another node image", { cgroupVersion: 1 }, false, "warning"],
	["v1, rootless", { cgroupVersion: 1, rootless: true }, true, "stop"],
] as const)("cgroup %s", (_, groups, ownImage, level) => {
	const finding = judgeControlGroups({ ...engine, ...groups }, ownImage);
	expect(finding).toMatchObject({ level, found: expect.stringContaining(`cgroup v${groups.cgroupVersion}`) });
	expect(finding.fix ?? "none").toContain(level === "ok" ? "none" : "systemd.unified_cgroup_hierarchy=1");
});

it("rootless Docker needs systemd to delegate the controllers", () => {
	const finding = judgeControlGroups({ ...engine, rootless: true, limitsResources: false }, true);
	expect(finding).toMatchObject({ level: "stop", found: expect.stringMatching(/doesn't delegate .* kind needs/) });
	expect(finding.fix).toMatch(/Delegate=yes.*user@\.service\.d\/delegate\.conf && sudo systemctl daemon-reload/);
	expect(judgeControlGroups({ ...engine, limitsResources: false }, true).level).toBe("ok");
});

it("in WSL 2, .wslconfig enables cgroup v2", () => {
	const kernel = "5.15.133.1-microsoft-standard-WSL2";
	const { fix } = judgeControlGroups({ ...engine, cgroupVersion: 1, kernel }, false);
	expect(fix).toMatch(/\.wslconfig" "\[wsl2\]`nkernelCommandLine=cgroup_no_v1=all"; wsl --shutdown$/);
});
