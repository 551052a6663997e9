import { existsSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { accessId, closeAccess, openAccess, wakeCluster } from "../../../cluster/access.ts";
import { newCreationId } from "../../../cluster/owner.ts";
import { attempt, type Program, run } from "../../../cluster/programs.ts";
import { containers, engine, resetEngine } from "./engine.ts";
import { scratchFolder } from "./scratch.ts";

vi.mock("../../../cluster/docker.ts", async () => (await import("./engine.ts")).docker());
vi.mock("../../../cluster/programs.ts", async () => (await import("./engine.ts")).programs());

const owner = "0123abcd";
const id = newCreationId("00000000", owner);
const leases = "c-control-plane 2100-01-01T00:00:00Z\nc-worker 2100-01-01T00:00:00Z\n";

/** What kubectl is told. */
function kubectl(answer: (args: string[]) => string | undefined): void {
	vi.mocked(attempt).mockImplementation(async (_: Program, args: string[]) => {
		const stdout = answer(args);
		return { ok: stdout !== undefined, stdout: stdout ?? "", stderr: "", message: "the API does not answer" };
	});
}

scratchFolder();
beforeEach(async () => {
	resetEngine();
	vi.spyOn(console, "error")
		.mockClear()
		.mockImplementation(() => {});
	vi.stubEnv("TMPDIR", process.cwd());
	kubectl((args) => (args.includes("leases") ? leases : undefined));
	await mkdir(".kube");
	await writeFile(".kube/c.yaml", "# access abc123\nkind: Config\n");
});

describe("the access's id", () => {
	it("is the last one's while all nodes run and the API server answers", async () => {
		engine.nodes = containers(id);
		kubectl(() => "ok");
		expect(await accessId("c")).toBe("abc123");
	});

	it("is a new one while the API server does not answer, although all nodes run", async () => {
		engine.nodes = containers(id);
		expect(await accessId("c")).toMatch(/^[0-9a-f]{8}$/);
	});

	it("is a new one when a node is stopped", async () => {
		engine.nodes = containers(id, { state: "exited" });
		kubectl(() => "ok");
		expect(await accessId("c")).toMatch(/^[0-9a-f]{8}$/);
	});

	it("is a new one when the kubeconfig is lost", async () => {
		engine.nodes = containers(id);
		kubectl(() => "ok");
		await closeAccess("c");
		expect(await accessId("c")).toMatch(/^[0-9a-f]{8}$/);
	});

	it("is no new one, but an error, where kubectl is missing", async () => {
		engine.nodes = containers(id);
		vi.mocked(attempt).mockRejectedValue(new Error("kubectl is not on PATH"));
		await expect(accessId("c")).rejects.toThrow("kubectl is not on PATH");
	});
});

describe("opening the access", () => {
	it("starts what is stopped, waits for each node by its name, and keeps the kubeconfig to its owner", async () => {
		engine.nodes = containers(id, { state: "exited" });
		expect(await openAccess("c", "def456")).toBe("# access def456\nkind: Config\n");
		expect(engine.done.slice(0, 2)).toEqual(["docker start c-control-plane", "docker start c-worker"]);
		expect(vi.mocked(run).mock.lastCall?.[1]).toEqual(
			expect.arrayContaining(["node/c-control-plane", "node/c-worker"]),
		);
		expect(await readFile(".kube/c.yaml", "utf8")).toContain("# access def456");
		expect((await stat(".kube/c.yaml")).mode & 0o777).toBe(0o600);
	});
});

describe("waking", () => {
	it("does nothing where there is no cluster, and nothing where it answers", async () => {
		expect(await wakeCluster("c", owner)).toBe(false);
		engine.nodes = containers(id);
		kubectl(() => "ok");
		expect(await wakeCluster("c", owner)).toBe(true);
		expect(engine.done).toEqual([]);
	});

	it("wakes the owner's paused nodes, under the access that it had", async () => {
		engine.nodes = containers(id, { state: "paused" });
		expect(await wakeCluster("c", owner)).toBe(true);
		expect(engine.done.slice(0, 2)).toEqual(["docker unpause c-control-plane", "docker unpause c-worker"]);
		expect(await readFile(".kube/c.yaml", "utf8")).toContain("# access abc123");
	});

	it("leaves one that was never finished to the update, in one line", async () => {
		engine.nodes = containers(id, { state: "exited" });
		engine.finished = false;
		expect(await wakeCluster("c", owner)).toBe(false);
		expect(engine.done).toEqual([]);
		expect(vi.mocked(console.error).mock.calls).toEqual([[expect.stringMatching(/half made.*makes it anew/)]]);
	});

	it.each([
		["another clone's", newCreationId("00000000", "ffffffff"), "belongs to another clone or stack"],
		["a stranger's", undefined, "that this project did not make"],
	])("refuses %s without touching it", async (_, creationId, message) => {
		engine.nodes = containers(creationId, { state: "exited" });
		await closeAccess("c");
		await expect(wakeCluster("c", owner)).rejects.toThrow(message);
		expect(engine.done).toEqual([]);
		expect(existsSync(".kube/c.yaml")).toBe(false);
	});
});
