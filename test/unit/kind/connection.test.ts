import { existsSync } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { connect, kubeconfigId, startCluster } from "../../../kind/connection.ts";
import { findNodes, type NodeContainer } from "../../../kind/docker.ts";
import { removeKubeconfig } from "../../../kind/kubeconfigFile.ts";
import { newCreationId } from "../../../kind/owner.ts";
import { calls, scratchFolder } from "../fakePrograms.ts";
import {
	changes,
	complete,
	containers,
	type FakeNodeStatus,
	fakeApiServer,
	fakeEngine,
	nodeStates,
} from "./fakeEngine.ts";

const owner = "0123abcd";
const id = newCreationId("00000000", owner);
const [before, after] = ["2025-12-31T23:59:59Z", "2100-01-01T00:00:00Z"]; // The nodes started on 2026-01-01.
const reported: FakeNodeStatus = { name: "c-control-plane", renewed: after, addresses: ["172.18.0.2"] };
const withWorker = (changes: Partial<FakeNodeStatus> = {}): FakeNodeStatus[] => [
	reported,
	{ name: "c-worker", renewed: after, addresses: ["172.18.0.3"], ...changes },
];
const cutOff = (nodes: NodeContainer[]) => nodes.map((node, i) => ({ ...node, isCutOff: i === 1 }));
const messages = () => vi.mocked(console.error).mock.calls.map(([line]) => line);

scratchFolder();
beforeEach(async () => {
	vi.spyOn(console, "error")
		.mockClear()
		.mockImplementation(() => {});
	vi.stubEnv("TMPDIR", process.cwd());
	await fakeEngine();
	await fakeApiServer(withWorker());
	await mkdir(".kube");
	await writeFile(".kube/c.yaml", "# access abc123\nkind: Config\n");
});

describe("the kubeconfig's id", () => {
	it("stays while all nodes run and report to the API server", async () => {
		await fakeEngine(containers(id));
		expect(await kubeconfigId("c")).toBe("abc123");
	});

	it.each([
		["the API server doesn't answer", undefined],
		["a node hasn't reported since its start", withWorker({ renewed: before })],
		["a node has no lease any more", withWorker({ renewed: null })],
		["a node's lease was created again, but not by its kubelet", withWorker({ renewed: "" })],
		["the API server has another address of a node", withWorker({ addresses: ["172.18.0.30"] })],
		["the API server has another address of one family", withWorker({ addresses: ["172.18.0.3", "fc00::30"] })],
		["the API server has no address of a node", withWorker({ addresses: [] })],
	])("is a new one while %s, although all nodes run", async (_, nodes) => {
		await fakeEngine(containers(id));
		await fakeApiServer(nodes);
		expect(await kubeconfigId("c")).toMatch(/^[0-9a-f]{8}$/);
	});

	it.each([[["172.18.0.3"]], [["fc00::3"]], [["fc00::3", "172.18.0.3"]]])(
		"stays while the API server has the addresses %j of a node, for a cluster's own families",
		async (addresses) => {
			await fakeEngine(containers(id));
			await fakeApiServer(withWorker({ addresses }));
			expect(await kubeconfigId("c")).toBe("abc123");
		},
	);

	it("stays while a new node, registered since its start, has no lease yet", async () => {
		await fakeEngine(containers(id));
		await fakeApiServer(withWorker({ renewed: null, created: after }));
		expect(await kubeconfigId("c")).toBe("abc123");
	});

	it("stays with a load balancer, which isn't a node of Kubernetes, but not while that is stopped", async () => {
		const balancer = { name: "c-external-load-balancer", isLoadBalancer: true as const };
		const [plane] = containers(id);
		if (!plane) throw new Error("no node");
		await fakeEngine([...containers(id), { ...plane, ...balancer }]);
		expect(await kubeconfigId("c")).toBe("abc123");
		await fakeEngine([...containers(id), { ...plane, ...balancer, state: "exited" }]);
		expect(await kubeconfigId("c")).not.toBe("abc123");
		await connect("c", "def456");
		expect(changes()).toEqual(["docker start c-external-load-balancer"]);
	});

	it("is a new one if a node is stopped", async () => {
		await fakeEngine(containers(id, { state: "exited" }));
		expect(await kubeconfigId("c")).toMatch(/^[0-9a-f]{8}$/);
	});

	it("is a new one if the kubeconfig is lost", async () => {
		await fakeEngine(containers(id));
		await removeKubeconfig("c");
		expect(await kubeconfigId("c")).toMatch(/^[0-9a-f]{8}$/);
	});

	it("is an error, not a new one, if kubectl is missing", async () => {
		await fakeEngine(containers(id));
		await rm("bin/kubectl");
		vi.stubEnv("PATH", `${process.cwd()}/bin`);
		await expect(kubeconfigId("c")).rejects.toThrow("kubectl is not on PATH");
		await findNodes("c"); // Else the next test would share the answer.
	});
});

describe("connecting", () => {
	it("starts the stopped nodes, waits for all of them, and writes a kubeconfig that only its owner can read", async () => {
		await fakeEngine(containers(id, { state: "exited" }));
		expect(await connect("c", "def456")).toBe("# access def456\nkind: Config\n");
		expect(nodeStates()).toEqual({ "c-control-plane": "running", "c-worker": "running" });
		expect(await readFile(".kube/c.yaml", "utf8")).toContain("# access def456");
		expect((await stat(".kube/c.yaml")).mode & 0o777).toBe(0o600);
		expect((await stat(".kube")).mode & 0o777).toBe(0o700);
	});
});

describe("waiting for nodes", () => {
	const notReady = withWorker({ notReady: "cni plugin not initialized" });

	it("isn't necessary if the program installs the network plugin itself", async () => {
		await fakeEngine(containers(id));
		await fakeApiServer(notReady);
		expect(await connect("c", "def456", { seconds: 0 })).toContain("# access def456");
	});

	it("ends after the requested time", async () => {
		await fakeEngine(containers(id));
		await fakeApiServer(notReady);
		await expect(connect("c", "def456", { seconds: 1 })).rejects.toThrow("aren't Ready after 1 s (waitForReady)");
	});
});

describe("starting the cluster", () => {
	it("does nothing if there is no cluster, and nothing if it is up", async () => {
		await removeKubeconfig("c");
		expect(await startCluster("c", owner)).toBe(false);
		await fakeEngine(containers(id));
		await writeFile(".kube/c.yaml", "# access abc123\nkind: Config\n");
		expect(await startCluster("c", owner)).toBe(true);
		expect(changes()).toEqual([]);
		expect(messages()).toEqual([]);
	});

	it("reads each thing once if the cluster is up", async () => {
		await fakeEngine(containers(id));
		await startCluster("c", owner);
		const read = calls().map((call) => call.split(" ").slice(0, 2).join(" "));
		expect(read.sort()).toEqual(["docker cp", "docker inspect", "docker network", "docker ps", "kubectl --kubeconfig"]);
	});

	it("unpauses the owner's paused nodes and keeps the kubeconfig's id", async () => {
		await fakeEngine(containers(id, { state: "paused" }));
		expect(await startCluster("c", owner)).toBe(true);
		expect(changes()).toEqual(["docker unpause c-control-plane", "docker unpause c-worker"]);
		expect(await readFile(".kube/c.yaml", "utf8")).toContain("# access abc123");
	});

	it("reports the state of each node that it starts", async () => {
		await fakeEngine([...containers(id, { state: "exited" }).slice(1), ...containers(id).slice(0, 1)]);
		await startCluster("c", owner);
		expect(messages()).toEqual(["node c-worker is exited: starting it"]);
	});

	it.each([
		["is incomplete", /is incomplete/, () => containers(id, { state: "exited" }), false as const],
		["has lost its network", /lost its Docker network.*c-worker/, () => cutOff(containers(id)), 30],
		["has lost its control plane", /lost its control plane/, () => containers(id).slice(1), 30],
		["was deleted by another program", /c no longer exists/, () => [], 30],
	])("leaves a cluster that %s to the update, and reports that in one line", async (_, message, nodes, seconds) => {
		await fakeEngine(nodes());
		if (nodes().length > 0) await complete("c", seconds);
		const states = nodeStates();
		expect(await startCluster("c", owner)).toBe(false);
		expect(nodeStates()).toEqual(states);
		expect(changes()).toEqual([]);
		expect(messages()).toEqual([expect.stringMatching(message)]);
		expect(messages()[0]).toMatch(/: the update recreates it$/);
	});

	it("reports a node whose container is missing, although the others are up", async () => {
		await fakeEngine(containers(id).slice(0, 1));
		expect(await startCluster("c", owner)).toBe(true);
		expect(messages()).toEqual(["the cluster c has lost the container of c-worker: the update recreates it"]);
	});

	it.each([
		["another clone's cluster", newCreationId("00000000", "ffffffff"), "belongs to another clone or stack"],
		["a cluster of another program", undefined, "isn't managed by this project"],
	])("refuses %s and doesn't change it", async (_, creationId, message) => {
		await fakeEngine(containers(creationId, { state: "exited" }));
		await removeKubeconfig("c");
		await expect(startCluster("c", owner)).rejects.toThrow(message);
		expect(changes()).toEqual([]);
		expect(existsSync(".kube/c.yaml")).toBe(false);
	});
});
