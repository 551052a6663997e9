import { hostname, release } from "node:os";
import { describe, expect, test } from "vitest";
import { capabilityAdvice, lacksCapability } from "../../../../toolchain/engine/capabilities.ts";
import { judgePidFile } from "../../../../toolchain/engine/dockerd.ts";
import { type Engine, readInfo } from "../../../../toolchain/engine/readEngine.ts";
import { decideRemedy, type Machine } from "../../../../toolchain/engine/remedy.ts";
import { SetupError } from "../../../../toolchain/setupError.ts";

const bare: Machine = { linux: true, root: true, debian: true, systemd: false, dockerd: false, docker: false };
const installed: Machine = { ...bare, dockerd: true, docker: true };
const silent = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock";

describe("if no Docker engine answers", () => {
	test.each([
		["root on a bare Debian installs it and starts it by hand", bare, { install: true, start: "dockerd" }],
		["… by systemd where that runs", { ...bare, systemd: true }, { install: true, start: "systemctl" }],
		["a docker command alone isn't an engine", { ...bare, docker: true }, { install: true, start: "dockerd" }],
		["root starts one that is installed", installed, { install: false, start: "dockerd" }],
		["… on any Linux", { ...installed, debian: false }, { install: false, start: "dockerd" }],
		["… by systemd where that runs", { ...installed, systemd: true }, { install: false, start: "systemctl" }],
	] as const)("%s", (_, machine, remedy) => {
		expect(decideRemedy(machine, silent)).toEqual(remedy);
	});

	test.each([
		["another user gets the command that installs it", { ...bare, root: false }, "sudo apt-get install docker.io"],
		["root on another system than Debian gets a link", { ...bare, debian: false }, "docs.docker.com"],
		["another user gets the command that starts it", { ...installed, root: false }, "sudo dockerd"],
		["… by systemd", { ...installed, root: false, systemd: true }, "sudo systemctl start docker"],
		["on macOS it is Docker Desktop that must run", { ...installed, linux: false }, "Docker Desktop"],
		["an engine that the user chose is started by the user", { ...bare, chosen: "tcp://far:2375" }, "DOCKER_HOST"],
	])("%s, and nothing is installed", (_, machine, fix) => {
		const decide = () => decideRemedy(machine, silent);
		expect(decide).toThrow(SetupError);
		expect(fixOf(decide)).toContain(fix);
	});

	test("a user without access to the engine gets the command that grants it", () => {
		const said = "permission denied while trying to connect to the Docker daemon socket";
		expect(fixOf(() => decideRemedy({ ...installed, root: false }, said))).toContain("usermod");
	});
});

function fixOf(decide: () => unknown): string {
	try {
		decide();
	} catch (error) {
		if (error instanceof SetupError) return error.fix;
	}
	throw new Error("no SetupError was thrown");
}

describe("the output of docker info", () => {
	// Of an engine 20.10.24 on Debian 12, cgroup version 1.
	const info = {
		ServerVersion: "20.10.24",
		DefaultRuntime: "bounded",
		RegistryConfig: { Mirrors: null },
		Name: "vm",
		KernelVersion: "6.18.44",
		CgroupVersion: "1",
		SecurityOptions: ["name=seccomp,profile=default"],
		DockerRootDir: "/var/lib/docker",
		MemTotal: 25276510208,
	};

	test("contains the version, the runtime, and whether it has a mirror or proxy", () => {
		const engine = { version: "20.10.24", defaultRuntime: "bounded", hasMirrorOrProxy: false };
		expect(readInfo(info)).toMatchObject({ engine });
		const mirrored = { ...info, RegistryConfig: { Mirrors: ["https://mirror.example"] } };
		expect(readInfo(mirrored)).toMatchObject({ engine: { ...engine, hasMirrorOrProxy: true } });
		expect(readInfo({ ...info, HttpsProxy: "proxy:3128" })).toMatchObject({ engine: { hasMirrorOrProxy: true } });
	});

	test("contains the machine's memory and address pools", () => {
		const { engine } = readInfo(info) as { engine: Engine };
		const { kernel, cgroupVersion, rootless, dataFolder, memory } = engine;
		expect({ kernel, cgroupVersion, rootless, dataFolder, memory }).toEqual({
			kernel: "6.18.44",
			cgroupVersion: 1,
			rootless: false,
			dataFolder: "/var/lib/docker",
			memory: 25276510208,
		});
		const other = { ...info, CgroupVersion: "2", SecurityOptions: ["name=seccomp,profile=default", "name=rootless"] };
		expect(readInfo(other)).toMatchObject({ engine: { cgroupVersion: 2, rootless: true } });
	});

	test.each([
		["this machine's name and kernel", hostname(), release(), process.platform === "linux"],
		["another name, as on another machine", "elsewhere", release(), false],
		["another kernel, as in a virtual machine", hostname(), "6.10.14-linuxkit", false],
	])("reports whether the engine runs on this machine: %s", (_, Name, KernelVersion, here) => {
		expect(readInfo({ ...info, Name, KernelVersion })).toMatchObject({ engine: { here } });
	});

	test("an old client that succeeds without an engine counts as no answer", () => {
		const answer = readInfo({ ServerVersion: "", ServerErrors: ["cannot connect"] });
		expect(answer).toEqual({ silent: "cannot connect" });
	});
});

describe("a pid file", () => {
	const processes = new Map([
		[7, { name: "dockerd", startTime: "100" }],
		[8, { name: "node", startTime: "100" }],
	]);
	const look = (pid: number) => processes.get(pid);

	test.each([
		["of the running program", "7\n", { running: 7 }],
		["of a program that ended", "9", "stale"],
		["whose number another program has by now", "8", "stale"],
		["that is empty, as its writer was killed", "", "stale"],
		["that holds no number", "dockerd", "stale"],
	])("%s is recognized", (_, text, verdict) => {
		expect(judgePidFile(text, "dockerd", look)).toEqual(verdict);
	});
});

describe("capabilities", () => {
	// The masks are those of a sandbox without CAP_SYS_RESOURCE (bit 24) and of an ordinary root, kernel 6.18.
	test.each([
		["all", "CapBnd:\t000001ffffffffff", 40, false],
		["all but CAP_SYS_RESOURCE", "CapBnd:\t000001fffeffffff", 40, true],
		["all that an older kernel knows", "CapBnd:\t0000003fffffffff", 37, false],
		["none", "CapBnd:\t0000000000000000", 40, true],
	])("root with %s lacks a capability: %s", (_, line, last, lacks) => {
		expect(lacksCapability(`Name:\tnode\n${line}\nCapAmb:\t0000000000000000\n`, last)).toBe(lacks);
	});

	test.each([
		["an engine on this machine without the runtime for it", { here: true, defaultRuntime: "runc" }, true, true],
		["one with it", { here: true, defaultRuntime: "bounded" }, true, false],
		["one where root lacks none", { here: true, defaultRuntime: "runc" }, false, false],
		["one elsewhere", { here: false, defaultRuntime: "runc" }, true, false],
	])("warns about %s: %j", (_, engine, lacking, hasFix) => {
		expect(capabilityAdvice(engine, lacking)?.fix.includes("kill ") ?? false).toBe(hasFix);
	});
});
