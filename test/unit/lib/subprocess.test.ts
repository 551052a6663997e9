import { describe, expect, it, vi } from "vitest";
import { imageId, isFinished } from "../../../kind/docker.ts";
import { attempt, run } from "../../../lib/subprocess.ts";
import { program, scratchFolder } from "../fakePrograms.ts";

scratchFolder();

const fails = (said: string) => `cat >&2 <<'EOF'\n${said}\nEOF\nexit 1`;

describe("a program that fails", () => {
	it.each(["docker", "kind", "kubectl"] as const)(
		"is told of, where it is %s and missing, with the remedy",
		async (name) => {
			vi.stubEnv("PATH", `${process.cwd()}/bin`);
			await expect(run(name, ["version"])).rejects.toThrow(`${name} is not on PATH: run \`npm start\``);
			await expect(attempt(name, ["version"])).rejects.toThrow(`${name} is not on PATH`);
		},
	);

	it.each([
		["Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", "`npm start` starts one"],
		["Bind for 127.0.0.1:80 failed: port is already allocated", "pulumi config rm hostPort"],
		["write /var/x: no space left on device", "docker system df"],
		["pull access denied for nodeport-lab/node", "name an image that can be had"],
		["The connection to the server 127.0.0.1:4 was refused", "`npm start` wakes its nodes"],
		["something else", "run the same command again"],
	])("which says %j gets the remedy: %s", async (said, remedy) => {
		await program("docker", fails(said));
		const failure = run("docker", ["run", "x"]);
		await expect(failure).rejects.toThrow(`\`docker run x\` failed: ${said}`);
		await expect(failure).rejects.toThrow(remedy);
		await expect(failure).rejects.not.toThrow(/ at .*\.ts:/);
	});

	it("is quoted from its error on, not from its progress", async () => {
		await program("kind", fails("Creating cluster ...\nERROR: failed to create cluster: no\nStack Trace:\nmain"));
		await expect(run("kind", ["create"])).rejects.toThrow("failed: ERROR: failed to create cluster: no\nStack Trace");
	});

	it("is told of by its exit where it says nothing", async () => {
		await program("kind", "exit 3");
		await expect(run("kind", ["create"])).rejects.toThrow("exit code 3");
	});
});

describe("the engine", () => {
	it.each([
		["there", "exit 0", true],
		["not there", fails("Error: No such container:path: c-control-plane:/kind/nodeport-lab.finished"), false],
		["not there, newer client", fails("Error response from daemon: Could not find the file /kind/x"), false],
	])("tells by the mark whether a cluster was finished: %s", async (_, script, expected) => {
		await program("docker", script);
		expect(await isFinished("c")).toBe(expected);
	});

	it("that does not answer does not make a cluster unfinished, nor an image missing", async () => {
		await program("docker", fails("Cannot connect to the Docker daemon"));
		await expect(isFinished("c")).rejects.toThrow("no Docker engine answers");
		await expect(imageId("x")).rejects.toThrow("no Docker engine answers");
	});

	it("that lacks an image is told of with the command that gets it", async () => {
		await program("docker", fails("Error: No such image: x"));
		await expect(imageId("x")).rejects.toThrow("docker pull x");
	});
});
