import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { accessId } from "../../../cluster/access.ts";
import type { NodeContainer } from "../../../cluster/docker.ts";
import { clusterId, nodeNames } from "../../../cluster/kind.ts";

let engine: NodeContainer[] | Error = [];
vi.mock("../../../cluster/docker.ts", async (original) => ({
	...(await original<typeof import("../../../cluster/docker.ts")>()),
	findNodes: async () => {
		if (engine instanceof Error) throw engine;
		return engine;
	},
}));

const spec = { name: "c", workers: 1, nodeImage: "node:1", kubeProxyMode: "iptables" as const };
const containers = (creationId: string | undefined, state = "running", names = nodeNames("c", 1)): NodeContainer[] =>
	names.map((name) => ({ name, state, startedAt: "2026-01-01T00:00:00Z", ...(creationId && { creationId }) }));

beforeEach(() => {
	engine = [];
});

describe("nodeNames", () => {
	it("spells nodes as kind does", () => {
		expect(nodeNames("nodeport", 3)).toEqual([
			"nodeport-control-plane",
			"nodeport-worker",
			"nodeport-worker2",
			"nodeport-worker3",
		]);
	});
});

describe("the cluster's id", () => {
	it("is a new one each time while there is no cluster", async () => {
		expect(await clusterId(spec)).not.toBe(await clusterId(spec));
	});

	it.each(["running", "exited", "paused"])("is the living cluster's while its nodes are %s", async (state) => {
		const id = await clusterId(spec);
		engine = containers(id, state);
		expect(await clusterId(spec)).toBe(id);
	});

	it.each([
		["workers", { ...spec, workers: 2 }],
		["kubeProxyMode", { ...spec, kubeProxyMode: "nftables" as const }],
		["nodeImage", { ...spec, nodeImage: "node:2" }],
		["publish", { ...spec, publish: { hostPort: 80, nodePort: 30040 } }],
	])("is a new one when %s changes", async (_, changed) => {
		const id = await clusterId(spec);
		engine = containers(id);
		expect(await clusterId(changed)).not.toBe(id);
	});

	it("is a new one when a node is missing", async () => {
		const id = await clusterId(spec);
		engine = containers(id).slice(1);
		expect(await clusterId(spec)).not.toBe(id);
	});

	it("is refused where somebody else made the cluster, with the commands that mend it", async () => {
		engine = containers(undefined);
		await expect(clusterId(spec)).rejects.toThrow(
			/"c" exists that this project did not make.*clusterName.*kind delete/,
		);
	});

	it("is an error, never a new one, while the engine does not answer", async () => {
		engine = new Error("no Docker engine answers");
		await expect(clusterId(spec)).rejects.toThrow("no Docker engine answers");
	});
});

describe("the access's id", () => {
	const home = process.cwd();
	beforeEach(async () => {
		process.chdir(await mkdtemp(join(tmpdir(), "nodeport-lab-test-")));
		await mkdir(".kube");
		await writeFile(".kube/c.yaml", "# access abc123\nkind: Config\n");
	});
	afterEach(async () => {
		const scratch = process.cwd();
		process.chdir(home);
		await rm(scratch, { recursive: true });
	});

	it("is a new one while the API server does not answer, although all nodes run", async () => {
		engine = containers("id");
		expect(await accessId("c")).toMatch(/^[0-9a-f]{8}$/);
	});

	it("is a new one when a node is stopped", async () => {
		engine = containers("id", "exited");
		expect(await accessId("c")).not.toBe("abc123");
	});

	it("is a new one when the kubeconfig is lost", async () => {
		engine = containers("id");
		await writeFile(".kube/c.yaml", "");
		expect(await accessId("c")).toMatch(/^[0-9a-f]{8}$/);
	});
});
