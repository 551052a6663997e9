import { describe, expect, it, vi } from "vitest";
import {
	type EngineState,
	isHere,
	judgeEngine,
	readEngineState,
} from "../../../../../cli/doctor/engine/engineState.ts";
import { SetupError } from "../../../../../toolchain/setupError.ts";
import { program, scratchFolder } from "../../../fakePrograms.ts";
import { engine } from "../sampleEngine.ts";

const silent: EngineState = {
	fault: new SetupError("the Docker engine isn't running (said so)", "run `sudo dockerd`"),
};

describe("a Docker engine", () => {
	it.each([
		["runs", { engine }, "ok", "version 27.1.0", undefined],
		["runs on another machine", { engine: { ...engine, here: false } }, "ok", "not on this machine", undefined],
		["is the oldest", { engine: { ...engine, version: "20.10.24+dfsg1" } }, "ok", "20.10.24", undefined],
		["is older", { engine: { ...engine, version: "19.03.15" } }, "warning", "20.10.0 and newer", "docs.docker.com"],
		["reports no version", { engine: { ...engine, version: "dev" } }, "warning", "version dev", "docs.docker.com"],
		["set-up starts", { remedy: { install: false, start: "dockerd" } }, "warning", "set-up starts it", "npm run setup"],
		[
			"set-up installs",
			{ remedy: { install: true, start: "systemctl" } },
			"warning",
			"set-up installs Debian's",
			"npm run setup",
		],
		["only the user can start", silent, "stop", "isn't running (said so)", "sudo dockerd"],
	] as [string, EngineState, string, string, string | undefined][])("that %s: %o", (_, state, level, found, fix) => {
		const finding = judgeEngine(state);
		expect(finding).toMatchObject({ subject: "Docker engine", level, found: expect.stringContaining(found) });
		if (fix) expect(finding.fix).toContain(fix);
		else expect(finding.fix).toBeUndefined();
		expect(finding.automatic ?? false).toBe("remedy" in state);
	});

	it.each([
		["an engine on this machine", { engine }, true],
		["an engine on another machine", { engine: { ...engine, here: false } }, false],
		["an engine that set-up starts", { remedy: { install: false, start: "dockerd" } }, true],
		["an engine that only the user can start", silent, false],
	] as [string, EngineState, boolean][])("is on this machine or not: %s", (_, state, here) => {
		expect(isHere(state)).toBe(here);
	});
});

describe("the engine's state", () => {
	scratchFolder();

	it("is what docker info prints", async () => {
		await program("docker", `echo '{"ServerVersion": "27.1.0", "CgroupVersion": "2"}'`);
		expect(await readEngineState()).toMatchObject({ engine: { version: "27.1.0", cgroupVersion: 2 } });
	});

	it("names the endpoint that the user chose if it doesn't answer", async () => {
		await program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
		vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:9");
		const state = await readEngineState();
		expect(state).toHaveProperty("fault.message", expect.stringContaining("tcp://127.0.0.1:9 doesn't answer"));
	});
});
