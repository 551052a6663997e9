import { beforeEach, describe, expect, it, vi } from "vitest";
import { nodeNames } from "../../../config/clusterShape.ts";
import { createCluster, deleteCluster, plannedCluster, removeOwned, updateCluster } from "../../../kind/kind.ts";
import { newCreationId } from "../../../kind/owner.ts";
import { scratchFolder } from "../fakePrograms.ts";
import { containers, engine, resetEngine } from "./engine.ts";

vi.mock("../../../kind/docker.ts", async () => (await import("./engine.ts")).docker());
vi.mock("../../../lib/subprocess.ts", async () => (await import("./engine.ts")).programs());

const spec = { name: "c", workers: 1, nodeImage: "node:1", kubeProxyMode: "iptables" as const };
const owner = "0123abcd";
const strangers = newCreationId("00000000", "ffffffff");
const clusterId = async (...args: Parameters<typeof plannedCluster>) => (await plannedCluster(...args)).id;

scratchFolder();
beforeEach(() => {
	resetEngine();
	vi.spyOn(console, "error")
		.mockClear()
		.mockImplementation(() => {});
	vi.stubEnv("TMPDIR", process.cwd());
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
		expect(await clusterId(spec, owner)).not.toBe(await clusterId(spec, owner));
	});

	it.each(["running", "exited", "paused"])("is the living cluster's while its nodes are %s", async (state) => {
		const id = await clusterId(spec, owner);
		engine.nodes = containers(id, { state });
		expect(await clusterId(spec, owner)).toBe(id);
	});

	it.each([
		["workers", { ...spec, workers: 2 }],
		["kubeProxyMode", { ...spec, kubeProxyMode: "nftables" as const }],
		["nodeImage", { ...spec, nodeImage: "node:2" }],
		["publish", { ...spec, publish: { hostPort: 80, nodePort: 30040 } }],
		["name", { ...spec, name: "d" }],
	])("is a new one when %s changes", async (_, changed) => {
		const id = await clusterId(spec, owner);
		engine.nodes = containers(id);
		expect(await clusterId(changed, owner)).not.toBe(id);
	});

	it("is told from a new one", async () => {
		const { id, isNew } = await plannedCluster(spec, owner);
		expect(isNew).toBe(true);
		engine.nodes = containers(id, { state: "exited" });
		expect(await plannedCluster(spec, owner)).toEqual({ id, isNew: false });
		expect((await plannedCluster({ ...spec, workers: 2 }, owner)).isNew).toBe(true);
	});

	it("is a new one when a node is missing", async () => {
		const id = await clusterId(spec, owner);
		engine.nodes = containers(id).slice(1);
		expect(await clusterId(spec, owner)).not.toBe(id);
	});

	it("is a new one when a node is cut off from its network", async () => {
		const id = await clusterId(spec, owner);
		engine.nodes = containers(id).map((node) => ({ ...node, isCutOff: true }));
		expect(await clusterId(spec, owner)).not.toBe(id);
	});

	it("is an error, never a new one, while the engine does not answer", async () => {
		engine.nodes = new Error("no Docker engine answers");
		await expect(clusterId(spec, owner)).rejects.toThrow("no Docker engine answers");
	});
});

describe("a cluster of that name", () => {
	const operations = [
		["asked for its id", () => clusterId(spec, owner)],
		["made", () => createCluster(spec, newCreationId("00000000", owner))],
		["updated", () => updateCluster(spec, newCreationId("00000000", owner))],
	] as const;

	it.each(operations)(
		"that this project did not make is refused when %s, with the commands that mend it",
		async (_, act) => {
			engine.nodes = containers(undefined);
			await expect(act()).rejects.toThrow(/"c" exists that this project did not make.*clusterName.*kind delete/);
			expect(engine.done).toEqual([]);
		},
	);

	it.each(operations)("that another clone or stack made is refused when %s", async (_, act) => {
		engine.nodes = containers(strangers);
		await expect(act()).rejects.toThrow(/"c" belongs to another clone or stack.*clusterName.*npm run destroy/);
		expect(engine.done).toEqual([]);
	});

	it("that another made is left alone by a deletion, which says so", async () => {
		engine.nodes = containers(strangers);
		await deleteCluster("c", newCreationId("00000000", owner));
		expect(engine.done).toEqual([]);
		expect(console.error).toHaveBeenCalledWith(expect.stringContaining("left alone"));
	});
});

describe("what a new cluster costs", () => {
	const lossOf = async (changed: Partial<typeof spec> = {}) =>
		(await plannedCluster({ ...spec, ...changed }, owner)).loss;

	it("is nothing where there is none before it, or the one that is there stays", async () => {
		expect(await lossOf()).toBeUndefined();
		engine.nodes = containers(strangers, { cluster: "theirs" });
		expect(await lossOf()).toBeUndefined();
		engine.nodes = containers(await clusterId(spec, owner));
		expect(await lossOf()).toBeUndefined();
	});

	it("is told where settings are others, another name among them, and where it is not whole", async () => {
		engine.nodes = containers(await clusterId(spec, owner));
		const loss = "it is removed and made anew; anything that you deployed in it yourself is lost";
		expect(await lossOf({ workers: 2 })).toBe(`the cluster c was made with other settings: ${loss}`);
		expect(await lossOf({ name: "d" })).toBe(`the cluster c was made with other settings: ${loss}`);
		engine.nodes = engine.nodes.slice(1);
		expect(await lossOf()).toBe(`the cluster c is not whole: ${loss}`);
	});
});

describe("making a cluster", () => {
	const made = ["kind create cluster c", "finished c"];

	it("replaces a living one of the very id where the state knows of none, as what is in it is not known either", async () => {
		const id = await clusterId(spec, owner);
		engine.nodes = containers(id);
		await createCluster(spec, id);
		expect(engine.done).toEqual(["kind delete cluster c", ...made]);
	});

	it("leaves what is there where the new one's image cannot be had", async () => {
		engine.nodes = containers(newCreationId("00000000", owner));
		engine.hasImage = false;
		await expect(updateCluster(spec, await clusterId(spec, owner))).rejects.toThrow("cannot be had");
		expect(engine.done).toEqual([]);
	});

	it("keeps a finished one of the id where the state knows it", async () => {
		const id = await clusterId(spec, owner);
		engine.nodes = containers(id, { state: "exited" });
		await updateCluster(spec, id);
		expect(engine.done).toEqual([]);
	});

	it("replaces one that was never finished, although it has the id", async () => {
		const id = await clusterId(spec, owner);
		engine.nodes = containers(id);
		engine.finished = false;
		await updateCluster(spec, id);
		expect(engine.done).toEqual(["kind delete cluster c", ...made]);
	});

	it.each([
		["created", createCluster],
		["updated", updateCluster],
	])("under another name removes the owner's old one, and nobody else's, when %s", async (_, act) => {
		engine.nodes = [
			...containers(newCreationId("00000000", owner), { cluster: "old" }),
			...containers(strangers, { cluster: "theirs" }),
			...containers(undefined, { cluster: "foreign" }),
		];
		await act(spec, newCreationId("00000000", owner));
		expect(engine.done).toEqual(["kind delete cluster old", ...made]);
	});
});

describe("removing all that an owner made", () => {
	it("finds it under any name, and touches nothing else", async () => {
		engine.nodes = [
			...containers(newCreationId("00000000", owner), { cluster: "a" }),
			...containers(newCreationId("11111111", owner), { cluster: "b", state: "exited" }),
			...containers(strangers, { cluster: "theirs" }),
			...containers(undefined, { cluster: "foreign" }),
		];
		await removeOwned(owner);
		expect(engine.done).toEqual(["kind delete cluster a", "kind delete cluster b"]);
	});
});
