import { beforeEach, describe, expect, it, vi } from "vitest";
import { imageId } from "../../../kind/docker.ts";
import { readCompletion } from "../../../kind/marks.ts";
import { attempt, run } from "../../../lib/subprocess.ts";
import { program, scratchFolder } from "../fakePrograms.ts";

scratchFolder();

const fails = (printed: string) => `cat >&2 <<'EOF'\n${printed}\nEOF\nexit 1`;

describe("a program that fails", () => {
	it.each(["docker", "kind", "kubectl", "pulumi"])(
		"is reported with the fix if it is %s and isn't on PATH",
		async (name) => {
			vi.stubEnv("PATH", `${process.cwd()}/bin`);
			await expect(run(name, ["version"])).rejects.toThrow(`${name} is not on PATH; fix: npm start`);
			await expect(attempt(name, ["version"])).rejects.toThrow(`${name} is not on PATH`);
		},
	);

	it.each([
		[
			"Cannot connect to the Docker daemon at unix:///var/run/docker.sock.",
			"fix: npm start, which starts the Docker engine",
		],
		["Bind for 127.0.0.1:80 failed: port is already allocated", "pulumi config rm hostPort"],
		["write /var/x: no space left on device", "docker system df"],
		["pull access denied for nodeport-lab/node", "set nodeImage to an image that exists"],
		["The connection to the server 127.0.0.1:4 was refused", "npm start, which starts stopped nodes"],
		["something else", "run the same command again"],
	])("which prints %j is reported with the fix: %s", async (printed, fix) => {
		await program("docker", fails(printed));
		const failure = run("docker", ["run", "x"]);
		await expect(failure).rejects.toThrow(`\`docker run x\` failed: ${printed}`);
		await expect(failure).rejects.toThrow(fix);
		await expect(failure).rejects.not.toThrow(/ at .*\.ts:/);
	});

	it("is quoted from its error on, without its progress", async () => {
		await program("kind", fails("Creating cluster ...\nERROR: failed to create cluster: no\nStack Trace:\nmain"));
		await expect(run("kind", ["create"])).rejects.toThrow("failed: ERROR: failed to create cluster: no\nStack Trace");
	});

	it("is reported with its exit code if it prints nothing", async () => {
		await program("kind", "exit 3");
		await expect(run("kind", ["create"])).rejects.toThrow("exit code 3");
	});
});

describe("the engine", () => {
	it.each([
		["exists, from an older version", "exit 0", 0],
		["is missing", fails("Error: No such container:path: c-control-plane:/kind/nodeport-lab.finished"), undefined],
		["is missing, newer client", fails("Error response from daemon: Could not find the file /kind/x"), undefined],
	])("shows by the mark whether a cluster is complete: the mark %s", async (_, script, expected) => {
		await program("docker", script);
		expect((await readCompletion("c"))?.seconds).toBe(expected);
	});

	it("that doesn't answer makes neither a cluster incomplete nor an image missing", async () => {
		await program("docker", fails("Cannot connect to the Docker daemon"));
		await expect(readCompletion("c")).rejects.toThrow("which starts the Docker engine");
		await expect(imageId("x")).rejects.toThrow("which starts the Docker engine");
	});

	it("that doesn't have an image is reported with the command that pulls it", async () => {
		await program("docker", fails("Error: No such image: x"));
		await expect(imageId("x")).rejects.toThrow("docker pull x");
	});
});

describe("a program that takes long", () => {
	beforeEach(() => {
		vi.spyOn(console, "error")
			.mockClear()
			.mockImplementation(() => {});
	});
	const reports = () => vi.mocked(console.error).mock.calls.map(([line]) => line);

	it("is reported after two seconds, unless it is part of another wait", async () => {
		await program("docker", "sleep 2.5");
		await Promise.all([run("docker", ["ps", "a b"]), run("docker", ["info"], { silent: true })]);
		expect(reports()).toEqual(["running docker ps 'a b' (2 s)"]);
	});

	it("is ended by its time limit or by a signal", async () => {
		await program("docker", "exec sleep 20");
		const stop = new AbortController();
		const [late, stopped] = [
			attempt("docker", ["ps"], { seconds: 0.2 }),
			attempt("docker", ["ps"], { signal: stop.signal }),
		];
		stop.abort();
		expect(await late).toMatchObject({ ok: false, exitCode: undefined, message: expect.stringContaining("timed out") });
		expect(await stopped).toMatchObject({ ok: false, exitCode: undefined });
	});
});
