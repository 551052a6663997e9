import { afterEach, expect, it, vi } from "vitest";
import { judgeLocation } from "../../../../../cli/doctor/engine/engineLocation.ts";
import { engine } from "../sampleEngine.ts";

afterEach(() => vi.unstubAllEnvs());

const socket = "unix:///var/run/docker.sock";
const elsewhere = { ...engine, here: false };
const desktop = { ...elsewhere, desktop: true };

it.each([
	["on this machine", engine, socket, undefined, "this machine reaches the nodes"],
	[
		"on this machine, through its TCP port",
		engine,
		"tcp://192.0.2.1:2375",
		undefined,
		"this machine reaches the nodes",
	],
	["in Docker Desktop", desktop, socket, undefined, "with Docker Desktop, this machine can't reach node addresses"],
	["in Docker Desktop, without hostPort", desktop, socket, undefined, "pulumi config set hostPort 8080"],
	["in Docker Desktop, with hostPort", desktop, socket, 8081, "127.0.0.1:8081 reaches the NodePort"],
	["in Docker Desktop, through loopback", desktop, "tcp://localhost:2375", undefined, "with Docker Desktop"],
	["in another virtual machine", elsewhere, socket, undefined, "with an engine in a virtual machine"],
	["rootless", { ...engine, rootless: true }, "unix:///run/user/1000/docker.sock", undefined, "with rootless Docker"],
] as const)("an engine %s works", (_, state, endpoint, hostPort, found) => {
	const finding = judgeLocation(state, endpoint, hostPort);
	expect(finding).toEqual({ subject: "node addresses", level: "ok", found: expect.stringContaining(found) });
});

it.each(["tcp://192.0.2.1:2376", "ssh://user@build.example"])(
	"an engine on another machine doesn't: %s",
	(endpoint) => {
		vi.stubEnv("DOCKER_HOST", endpoint);
		const finding = judgeLocation(elsewhere, endpoint, undefined);
		expect(finding).toMatchObject({ level: "stop", found: expect.stringContaining(endpoint) });
		expect(finding.fix).toMatch(/^unset DOCKER_HOST/);
		vi.stubEnv("DOCKER_HOST", "");
		expect(judgeLocation(elsewhere, endpoint, undefined).fix).toMatch(/^docker context use default/);
	},
);
