import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { judgeHostPort, judgeNodePort, readHostPort } from "../../../../../cli/doctor/network/ports.ts";
import { program, scratchFolder } from "../../../fakePrograms.ts";

scratchFolder();

it.each([
	[30000, "ok"],
	[30040, "ok"],
	[30085, "ok"],
	[30086, "warning"],
	[32767, "warning"],
])("nodePort %d: %s", (port, level) => {
	const finding = judgeNodePort(port);
	expect(finding).toMatchObject({ level, found: expect.stringContaining("30000 to 30085") });
	expect(finding.fix).toBe(level === "ok" ? undefined : "pulumi config set nodePort 30040");
});

const own = [{ name: "c-control-plane" }];

it.each([
	["free", { here: "free", containers: [] }, "ok", "is free"],
	[
		"published by this stack's cluster",
		{ here: "taken", containers: ["c-control-plane"] },
		"ok",
		"this stack's cluster",
	],
	["not for this user to bind", { here: "refused", containers: [] }, "ok", "root"],
	["on another machine", { containers: [] }, "ok", "is free"],
	["published by another container", { here: "taken", containers: ["web"] }, "stop", "docker stop web"],
	["published by another container on another machine", { containers: ["web"] }, "stop", "docker stop web"],
	[
		"published on another address",
		{ here: "free", containers: ["web"] },
		"ok",
		"web publishes 8080 on another address",
	],
	["published where only root may bind", { here: "refused", containers: ["web"] }, "warning", "docker stop web"],
	[
		"published by this stack's cluster, and by another container on another address",
		{ here: "taken", containers: ["web", "c-control-plane"] },
		"ok",
		"this stack's cluster",
	],
	["taken by a program", { here: "taken", containers: [] }, "stop", "pulumi config rm hostPort"],
] as const)("a hostPort that is %s", (_, seen, level, text) => {
	const finding = judgeHostPort({ port: 8080, ...seen, containers: [...seen.containers] }, own);
	expect(finding.level).toBe(level);
	expect(`${finding.found} ${finding.fix}`).toContain(text);
});

it("reads whether a hostPort is taken, and which containers publish it", async () => {
	await program("docker", `[ "$1 $2" = "ps --filter" ] && printf 'web\\nother\\n'`);
	const server = createServer();
	await once(server.listen(0, "127.0.0.1"), "listening");
	const { port } = server.address() as AddressInfo;
	const containers = ["web", "other"];
	expect(await readHostPort(port, { engine: true, here: true })).toEqual({ port, here: "taken", containers });
	expect(await readHostPort(port, { engine: true, here: false })).toEqual({ port, containers });
	server.close();
	await once(server, "close");
	expect(await readHostPort(port, { engine: false, here: true })).toEqual({ port, here: "free", containers: [] });
});
