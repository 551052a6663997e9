import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { labClusters } from "../../../../cli/labClusters.ts";
import { processInfo } from "../../../../lib/process.ts";
import { cacheRoot, layout, machineState } from "../../../../toolchain/layout.ts";
import { removeAdded } from "../../../../toolchain/machine/removal.ts";
import { temporaryFolder, writeProgram } from "../../temporary.ts";

vi.mock(import("../../../../toolchain/layout.ts"), async (original) => ({
	...(await original()),
	machineState: mkdtempSync(join(tmpdir(), "nodeport-lab-test-machine-")),
}));
afterAll(() => rmSync(machineState, { recursive: true, force: true }));

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
const lines = (name: string): string[] => readFileSync(at(name), "utf8").split("\n").filter(Boolean);

/** An engine with the images in a file, one a line, and with nodes and containers as other files say; dpkg beside it. */
const docker = `echo "docker $*" >>"$FAKE/calls"
[ ! -e "$FAKE/silent" ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }
case "$*" in
info*) echo '{"ServerVersion": "27.0"}' ;;
"ps --all --quiet --filter label=io.x-k8s.kind.cluster") cat "$FAKE/clusters" ;;
"ps --all --quiet --filter ancestor=nodeport-lab/build/machine") echo leftover ;;
"ps --quiet") cat "$FAKE/containers" ;;
inspect*) cat "$FAKE/nodes" ;;
"network ls --quiet --no-trunc") ;;
"rm --force --volumes leftover") sed -i /leftover/d "$FAKE/containers" ;;
"image ls"*) cat "$FAKE/images" ;;
"image rm --force "*) shift 3; for image; do grep -vxF "$image" "$FAKE/images" >"$FAKE/left"; mv "$FAKE/left" "$FAKE/images"; done ;;
"image prune --force --filter label=nodeport-lab") ;;
"cp "*) echo "Could not find the file" >&2; exit 1 ;;
*) echo "docker: not expected: $*" >&2; exit 1 ;;
esac`;
const dpkg = `echo "dpkg $*" >>"$FAKE/calls"
[ "$1" != --simulate ] || { cat "$FAKE/refusal" >&2; [ ! -s "$FAKE/refusal" ]; }`;
const dpkgQuery = `shift 3; for package; do echo "$package installed"; done`;

let said: string[];
beforeEach(() => {
	for (const file of ["calls", "clusters", "containers", "refusal"]) writeFileSync(at(file), "");
	writeFileSync(at("images"), "nodeport-lab/echo:0.1.0\nnodeport-lab/node:1.36\ndebian:bookworm-slim\n");
	writeProgram(at("bin/docker"), docker);
	writeProgram(at("bin/dpkg"), dpkg);
	writeProgram(at("bin/dpkg-query"), dpkgQuery);
	rmSync(machineState, { recursive: true, force: true });
	mkdirSync(machineState);
	vi.stubEnv("FAKE", folder.path);
	vi.stubEnv("PATH", `${at("bin")}:/usr/bin:/bin`);
	said = [];
	const log = vi.spyOn(console, "log").mockImplementation((text) => void said.push(String(text)));
	onTestFinished(() => log.mockRestore());
});

const added = () => [layout.folder, cacheRoot()];
const installed = () => writeFileSync(join(machineState, "installed-packages"), "containerd\ndocker.io\n");

/** As if set-up had started this engine. */
function startEngine() {
	const engine = execa("sleep", ["600"], { reject: false });
	onTestFinished(() => void engine.kill("SIGKILL"));
	const { pid = 0 } = engine;
	writeFileSync(join(machineState, "dockerd.json"), JSON.stringify({ pid, startTime: processInfo(pid)?.startTime }));
	return engine;
}

test("removes the lab's images and a killed build's container, and no others", async () => {
	expect(await removeAdded(labClusters)).toEqual([...added(), machineState]);
	expect(lines("images")).toEqual(["debian:bookworm-slim"]);
	expect(lines("calls")).toContain("docker rm --force --volumes leftover");
	expect(said).toEqual(["Removing the images nodeport-lab/echo:0.1.0, nodeport-lab/node:1.36."]);
});

test.each([
	["a cluster of the lab", "/kind/nodeport-lab/12-34-56", true],
	["another's cluster", "/var/lib/docker", false],
])("removes nothing while %s exists: %s %s", async (_, Destination, refuses) => {
	writeFileSync(at("clusters"), "nodeport\n");
	const State = { Status: "exited", StartedAt: "2026-01-01T00:00:00Z" };
	const Config = { Labels: { "io.x-k8s.kind.cluster": "nodeport" } };
	const NetworkSettings = { Networks: {} };
	const node = { Name: "/nodeport-worker", State, Config, Mounts: [{ Destination }], NetworkSettings };
	writeFileSync(at("nodes"), JSON.stringify([node]));
	if (refuses) {
		await expect(removeAdded(labClusters)).rejects.toMatchObject({
			message: expect.stringContaining("exist: nodeport"),
		});
		expect(lines("images")).toHaveLength(3);
	} else {
		await removeAdded(labClusters);
		expect(lines("images")).toHaveLength(1);
	}
});

test("ends an engine that set-up installed and started, and then removes its packages", async () => {
	installed();
	writeFileSync(at("containers"), "leftover\n");
	const engine = startEngine();
	expect(await removeAdded(labClusters)).toContain(machineState);
	expect((await engine).signal).toBe("SIGTERM");
	expect(lines("calls").at(-1)).toBe("dpkg --remove containerd docker.io");
	expect(said.join("\n")).toContain("rm -rf /var/lib/docker");
});

test("keeps an engine that runs foreign containers, with its packages, and reports why", async () => {
	installed();
	const { pid = 0 } = startEngine();
	writeFileSync(at("containers"), "one\ntwo\n");
	expect(await removeAdded(labClusters)).toEqual(added());
	expect(processInfo(pid)).toBeDefined();
	expect(lines("calls").filter((call) => call.startsWith("dpkg"))).toEqual([]);
	expect(said.at(-1)).toContain("stays: 2 containers run on it");
});

test("removes packages that only tests need, even if containers run on an engine that set-up didn't install", async () => {
	writeFileSync(join(machineState, "installed-packages"), "chromium\n");
	writeFileSync(at("containers"), "one\n");
	expect(await removeAdded(labClusters)).toEqual([...added(), machineState]);
	expect(lines("calls").at(-1)).toBe("dpkg --remove chromium");
});

test("keeps engine and packages if another package needs one of them; dpkg is asked first", async () => {
	installed();
	const { pid = 0 } = startEngine();
	// Captured from dpkg 1.21 on Debian 12.
	writeFileSync(
		at("refusal"),
		`dpkg: dependency problems prevent removal of docker.io:
 docker-compose depends on docker.io (>= 1.9.0).

dpkg: error processing package docker.io (--remove):
 dependency problems - not removing
`,
	);
	expect(await removeAdded(labClusters)).toEqual(added());
	expect(processInfo(pid)).toBeDefined();
	expect(said.at(-1)).toContain("stays: docker-compose depends on docker.io.");
	expect(lines("calls").filter((call) => call.startsWith("dpkg --remove"))).toEqual([]);
});

test("removes the rest if no engine answers, and reports what stays", async () => {
	installed();
	writeFileSync(at("silent"), "");
	expect(await removeAdded(labClusters)).toContain(machineState);
	expect(said[0]).toContain("its images stay");
	expect(lines("calls").at(-1)).toBe("dpkg --remove containerd docker.io");
	expect(existsSync(machineState)).toBe(true);
});
