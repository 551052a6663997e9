import { existsSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { NodeContainer } from "../../../kind/docker.ts";
import { accessId, closeAccess, openAccess, wakeCluster } from "../../../kind/kubeconfigFile.ts";
import { newCreationId } from "../../../kind/owner.ts";
import { attempt, type Program, run } from "../../../lib/subprocess.ts";
import { scratchFolder } from "../fakePrograms.ts";
import { containers, engine, resetEngine } from "./engine.ts";

vi.mock("../../../kind/docker.ts", async () => (await import("./engine.ts")).docker());
vi.mock("../../../lib/subprocess.ts", async () => (await import("./engine.ts")).programs());

const owner = "0123abcd";
const id = newCreationId("00000000", owner);
const [before, after] = ["2025-12-31T23:59:59Z", "2100-01-01T00:00:00Z"]; // They started on 2026-01-01.
/** What the API server has heard of the nodes: when they came, their addresses, and when their leases were renewed. */
const heard = (address = "172.18.0.3", lease = `Lease c-worker ${before} ${after}`, made = before) =>
	[
		`Node c-control-plane ${before} 172.18.0.2`,
		`Node c-worker ${made} ${address}`,
		`Lease c-control-plane ${before} ${after}`,
		lease,
		"",
	].join("\n");

const cutOff = (nodes: NodeContainer[]) => nodes.map((node, i) => ({ ...node, isCutOff: i === 1 }));

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
	kubectl(() => heard());
	await mkdir(".kube");
	await writeFile(".kube/c.yaml", "# access abc123\nkind: Config\n");
});

describe("the access's id", () => {
	it("is the last one's while all nodes run and the API server answers", async () => {
		engine.nodes = containers(id);
		expect(await accessId("c")).toBe("abc123");
	});

	it.each([
		["the API server does not answer", () => undefined],
		["a node was not heard of since its start", () => heard("172.18.0.3", `Lease c-worker ${before} ${before}`)],
		["a node has no lease any more", () => heard("172.18.0.3", "")],
		["a node's lease was made anew, but not by its kubelet", () => heard("172.18.0.3", `Lease c-worker ${after} `)],
		["the API server knows a node by another address than it has now", () => heard("172.18.0.30")],
	])("is a new one while %s, although all nodes run", async (_, answer) => {
		engine.nodes = containers(id);
		kubectl(answer);
		expect(await accessId("c")).toMatch(/^[0-9a-f]{8}$/);
	});

	it("is the last one's while a new node, registered since its start, has no lease yet", async () => {
		engine.nodes = containers(id);
		kubectl(() => heard("172.18.0.3", "", after));
		expect(await accessId("c")).toBe("abc123");
	});

	it("is a new one when a node is stopped", async () => {
		engine.nodes = containers(id, { state: "exited" });
		expect(await accessId("c")).toMatch(/^[0-9a-f]{8}$/);
	});

	it("is a new one when the kubeconfig is lost", async () => {
		engine.nodes = containers(id);
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
		await closeAccess("c");
		expect(await wakeCluster("c", owner)).toBe(false);
		engine.nodes = containers(id);
		await writeFile(".kube/c.yaml", "# access abc123\nkind: Config\n");
		expect(await wakeCluster("c", owner)).toBe(true);
		expect(engine.done).toEqual([]);
		expect(console.error).not.toHaveBeenCalled();
	});

	it("wakes the owner's paused nodes, under the access that it had", async () => {
		engine.nodes = containers(id, { state: "paused" });
		expect(await wakeCluster("c", owner)).toBe(true);
		expect(engine.done.slice(0, 2)).toEqual(["docker unpause c-control-plane", "docker unpause c-worker"]);
		expect(await readFile(".kube/c.yaml", "utf8")).toContain("# access abc123");
	});

	it("says which nodes it finds in which state", async () => {
		engine.nodes = containers(id, { state: "exited" }).slice(1);
		engine.nodes.push(...containers(id).slice(0, 1));
		await wakeCluster("c", owner);
		expect(console.error).toHaveBeenCalledWith("node c-worker is exited: starting it");
	});

	it.each([
		["was never finished", /half made/, () => containers(id, { state: "exited" }), false],
		["has lost its network", /lost its Docker network.*c-worker/, () => cutOff(containers(id)), true],
		["has lost its control plane", /lost its control plane/, () => containers(id).slice(1), true],
		["was deleted behind its back", /c is gone/, () => [], true],
	])("leaves one that %s to the update, in one line", async (_, said, nodes, finished) => {
		Object.assign(engine, { nodes: nodes(), finished });
		expect(await wakeCluster("c", owner)).toBe(false);
		expect(engine.done).toEqual([]);
		expect(vi.mocked(console.error).mock.calls).toEqual([[expect.stringMatching(said)]]);
		expect(vi.mocked(console.error).mock.lastCall?.[0]).toMatch(/: the update makes it anew$/);
	});

	it("tells of a node whose container is gone, though all else answers", async () => {
		engine.nodes = containers(id).slice(0, 1);
		expect(await wakeCluster("c", owner)).toBe(true);
		expect(console.error).toHaveBeenCalledWith(
			"the cluster c has lost the container of c-worker: the update makes it anew",
		);
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
