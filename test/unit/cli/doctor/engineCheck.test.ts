import { describe, expect, it, vi } from "vitest";
import { type EngineState, isHere, judgeEngine, lookAtEngine } from "../../../../cli/doctor/engineCheck.ts";
import { SetupError } from "../../../../toolchain/setupError.ts";
import { program, scratchFolder } from "../../fakePrograms.ts";
import { engine } from "./machine.ts";

const silent: EngineState = {
	fault: new SetupError("the Docker engine is not running (said so)", "run `sudo dockerd`"),
};

describe("the engine", () => {
	it.each([
		["answers", { engine }, "ok", "version 27.1.0", undefined],
		["is elsewhere", { engine: { ...engine, here: false } }, "ok", "not run on this machine", undefined],
		["is the oldest", { engine: { ...engine, version: "20.10.24+dfsg1" } }, "ok", "20.10.24", undefined],
		["is older", { engine: { ...engine, version: "19.03.15" } }, "warning", "20.10.0 and newer", "docs.docker.com"],
		["tells no version", { engine: { ...engine, version: "dev" } }, "warning", "version dev", "docs.docker.com"],
		[
			"is to be started",
			{ remedy: { install: false, start: "dockerd" } },
			"warning",
			"set-up starts it",
			"npm run setup",
		],
		[
			"is to be installed",
			{ remedy: { install: true, start: "systemctl" } },
			"warning",
			"installs Debian's",
			"npm run setup",
		],
		["is for the user to start", silent, "stop", "is not running (said so)", "sudo dockerd"],
	] as [string, EngineState, string, string, string | undefined][])("that %s: %o", (_, state, level, found, fix) => {
		const finding = judgeEngine(state);
		expect(finding).toMatchObject({ subject: "Docker engine", level, found: expect.stringContaining(found) });
		if (fix) expect(finding.fix).toContain(fix);
		else expect(finding.fix).toBeUndefined();
	});

	it.each([
		["an engine of this machine", { engine }, true],
		["one elsewhere", { engine: { ...engine, here: false } }, false],
		["one that set-up starts", { remedy: { install: false, start: "dockerd" } }, true],
		["one that only the user can start", silent, false],
	] as [string, EngineState, boolean][])("is on this machine: %s", (_, state, here) => {
		expect(isHere(state)).toBe(here);
	});
});

describe("a look at the engine", () => {
	scratchFolder();

	it("tells what its info says", async () => {
		await program("docker", `echo '{"ServerVersion": "27.1.0", "CgroupVersion": "2"}'`);
		expect(await lookAtEngine()).toMatchObject({ engine: { version: "27.1.0", cgroupVersion: 2 } });
	});

	it("tells whose it is to start one that the user chose", async () => {
		await program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
		vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:9");
		const state = await lookAtEngine();
		expect(state).toHaveProperty("fault.message", expect.stringContaining("tcp://127.0.0.1:9 does not answer"));
	});
});
