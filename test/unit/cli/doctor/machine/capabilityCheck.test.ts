import { expect, it } from "vitest";
import { judgeCapabilities } from "../../../../../cli/doctor/machine/capabilityCheck.ts";
import { engine } from "../sampleEngine.ts";

it.each([
	["root has all", engine, false, "ok", "root has all capabilities"],
	["an engine with the bounded runtime", { ...engine, defaultRuntime: "bounded" }, true, "ok", "containers run"],
	["an engine that set-up will start", undefined, true, "ok", "containers will run"],
	["an engine on another machine", { ...engine, here: false }, true, "ok", "isn't on this machine"],
	["an engine with the default runtime", engine, true, "warning", "unable to apply caps"],
] as const)("capabilities: %s", (_, state, lacking, level, found) => {
	const finding = judgeCapabilities(state, lacking);
	expect(finding).toMatchObject({ level, found: expect.stringContaining(found) });
	expect(finding.fix ?? "none").toContain(level === "ok" ? "none" : "npm run setup");
});
