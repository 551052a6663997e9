import { beforeEach, describe, expect, it, vi } from "vitest";
import { nodeNames } from "../../../config/clusterShape.ts";
import { createCluster, deleteCluster, plannedCluster, removeOwned, updateCluster } from "../../../kind/kind.ts";
import { newCreationId } from "../../../kind/owner.ts";
import { program, scratchFolder } from "../fakePrograms.ts";
import {
	addImage,
	adopted,
	changes,
	clients,
	complete,
	containers,
	failWith,
	fakeEngine,
	nodeStates,
	setClients,
} from "./fakeEngine.ts";

const spec = { name: "c", workers: 1, nodeImage: "node:1", kubeProxyMode: "iptables" as const };
const owner = "0123abcd";
const foreignId = newCreationId("00000000", "ffffffff");
const clusterId = async (...args: Parameters<typeof plannedCluster>) => (await plannedCluster(...args)).id;
const nodesOf = (...clusters: string[]) => clusters.flatMap((name) => [`${name}-control-plane`, `${name}-worker`]);

scratchFolder();
beforeEach(async () => {
	await fakeEngine();
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

	it.each(["running", "exited", "paused"])("is the existing cluster's while its nodes are %s", async (state) => {
		const id = await clusterId(spec, owner);
		await fakeEngine(containers(id, { state }));
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
		await fakeEngine(containers(id));
		expect(await clusterId(changed, owner)).not.toBe(id);
	});

	it("is marked as new or existing", async () => {
		const { id, isNew } = await plannedCluster(spec, owner);
		expect(isNew).toBe(true);
		await fakeEngine(containers(id, { state: "exited" }));
		expect(await plannedCluster(spec, owner)).toEqual({ id, isNew: false });
		expect((await plannedCluster({ ...spec, workers: 2 }, owner)).isNew).toBe(true);
	});

	it("is a new one when a node is missing", async () => {
		const id = await clusterId(spec, owner);
		await fakeEngine(containers(id).slice(1));
		expect(await clusterId(spec, owner)).not.toBe(id);
	});

	it("is a new one when a node is cut off from its network", async () => {
		const id = await clusterId(spec, owner);
		await fakeEngine(containers(id).map((node) => ({ ...node, isCutOff: true })));
		expect(await clusterId(spec, owner)).not.toBe(id);
	});

	it("is an error, never a new one, while the engine doesn't answer", async () => {
		await failWith("Cannot connect to the Docker daemon");
		await expect(clusterId(spec, owner)).rejects.toThrow("fix: npm start, which starts the Docker engine");
	});
});

describe("a cluster with the same name", () => {
	const operations = [
		["planned", () => clusterId(spec, owner)],
		["created", () => createCluster(spec, newCreationId("00000000", owner))],
		["updated", () => updateCluster(spec, newCreationId("00000000", owner))],
	] as const;

	it.each(operations)("that isn't this project's is refused when %s, with the commands that fix it", async (_, act) => {
		await fakeEngine(containers(undefined));
		await expect(act()).rejects.toThrow(
			/"c" already exists and isn't managed by this project.*clusterName.*kind delete/,
		);
		expect(changes()).toEqual([]);
	});

	it.each(operations)("that is another clone's or stack's is refused when %s", async (_, act) => {
		await fakeEngine(containers(foreignId));
		await expect(act()).rejects.toThrow(/"c" belongs to another clone or stack.*clusterName.*npm run destroy/);
		expect(changes()).toEqual([]);
	});

	it("that is another owner's is kept by a deletion, which reports it", async () => {
		await fakeEngine(containers(foreignId));
		await deleteCluster("c", newCreationId("00000000", owner));
		expect(nodeStates()).toEqual({ "c-control-plane": "running", "c-worker": "running" });
		expect(console.error).toHaveBeenCalledWith("keeping the cluster c: it belongs to another clone or stack");
	});
});

describe("what is lost with a new cluster", () => {
	const lossOf = async (changed: Partial<typeof spec> = {}) =>
		(await plannedCluster({ ...spec, ...changed }, owner)).loss;

	it("is nothing if there is no cluster before it, or if the cluster stays", async () => {
		expect(await lossOf()).toBeUndefined();
		await fakeEngine(containers(foreignId, { cluster: "theirs" }));
		expect(await lossOf()).toBeUndefined();
		await fakeEngine(containers(await clusterId(spec, owner)));
		expect(await lossOf()).toBeUndefined();
	});

	it("is reported if settings change, also the name, and if the cluster is incomplete", async () => {
		const nodes = containers(await clusterId(spec, owner));
		await fakeEngine(nodes);
		const loss = "it is recreated, and everything that you deployed in it is lost";
		expect(await lossOf({ workers: 2 })).toBe(`the cluster c was created with other settings: ${loss}`);
		expect(await lossOf({ name: "d" })).toBe(`the cluster c was created with other settings: ${loss}`);
		await fakeEngine(nodes.slice(1));
		expect(await lossOf()).toBe(`the cluster c is incomplete: ${loss}`);
	});

	it("names the settings that don't change in place", async () => {
		await createCluster(spec, await clusterId(spec, owner));
		const config = { networking: { podSubnet: "10.1.0.0/16" } };
		const { loss } = await plannedCluster({ ...spec, workers: 2, config }, owner);
		expect(loss).toContain(
			'(workers (was 1, now 2); networking.podSubnet (was absent, now "10.1.0.0/16")): it is recreated',
		);
	});
});

describe("creating a cluster", () => {
	const created = [
		expect.stringMatching("^kind create cluster --name c "),
		expect.stringMatching("^docker exec --interactive c-"),
	];
	const deleted = (name: string) => expect.stringMatching(`^kind delete cluster --name ${name} `);

	it("gives it all nodes, the id, and a kubeconfig outside ~/.kube", async () => {
		const id = newCreationId("00000000", owner);
		await createCluster({ ...spec, workers: 2 }, id);
		expect(Object.keys(nodeStates())).toEqual([...nodesOf("c"), "c-worker2"]);
		expect(changes()).toEqual(created);
		expect(changes()[0]).toMatch(/ --kubeconfig \.kube\/c\.yaml$/);
		await updateCluster({ ...spec, workers: 2 }, id);
		expect(changes()).toEqual(created);
	});

	it("with several control planes has a load balancer, which is the owner's too", async () => {
		const nodes = [{ role: "control-plane" as const }, { role: "control-plane" as const }, { role: "worker" as const }];
		const several = { ...spec, config: { nodes } };
		const id = await clusterId(several, owner);
		const [plane, worker] = containers(id);
		if (!plane || !worker) throw new Error("no nodes");
		const { creationId: _, ...balancer } = {
			...plane,
			name: "c-external-load-balancer",
			isLoadBalancer: true as const,
		};
		await fakeEngine([plane, { ...plane, name: "c-control-plane2" }, worker, balancer]);
		expect(await plannedCluster(several, owner)).toEqual({ id, isNew: false });
		await updateCluster(several, id);
		expect(changes()).toEqual([]);
		await fakeEngine([plane, { ...plane, name: "c-control-plane2" }, worker]);
		expect((await plannedCluster(several, owner)).loss).toContain("is incomplete");
	});

	it("pulls each node's image first, and passes no other one to kind", async () => {
		await addImage("node:2");
		const nodes = [{ role: "control-plane" as const }, { role: "worker" as const, image: "node:2" }];
		await createCluster({ ...spec, config: { nodes } }, newCreationId("00000000", owner));
		expect(changes()[0]).toBe("kind create cluster --name c --config - --kubeconfig .kube/c.yaml");
		const other = [{ role: "control-plane" as const, image: "node:3" }];
		const creation = createCluster({ ...spec, config: { nodes: other } }, newCreationId("00000000", owner));
		await expect(creation).rejects.toThrow("manifest unknown");
		expect(Object.keys(nodeStates())).toEqual(nodesOf("c"));
	});

	it("keeps the nodes of a failed one on request, and says how to inspect them", async () => {
		await program("kind", `echo "ERROR: no" >&2; exit 1`);
		const id = newCreationId("00000000", owner);
		await expect(createCluster(spec, id, { retain: true })).rejects.toThrow(
			/ERROR: no[\s\S]*the nodes are kept.*kind export logs --name c/,
		);
		expect(changes()).toEqual([expect.stringMatching(/ --retain$/)]);
		await expect(createCluster(spec, id)).rejects.not.toThrow("kept");
		expect(changes()[1]).not.toContain("--retain");
	});

	it("replaces an existing one with the same id, because the state has lost what is in it", async () => {
		const id = await clusterId(spec, owner);
		await fakeEngine(containers(id));
		await createCluster(spec, id);
		expect(changes()).toEqual([deleted("c"), ...created]);
	});

	it("keeps the old one if the new one's image can't be pulled", async () => {
		await fakeEngine(containers(newCreationId("00000000", owner)));
		const changed = { ...spec, nodeImage: "node:2" };
		await expect(updateCluster(changed, await clusterId(changed, owner))).rejects.toThrow("manifest unknown");
		expect(Object.keys(nodeStates())).toEqual(nodesOf("c"));
		await addImage("node:2");
		await updateCluster(changed, await clusterId(changed, owner));
		expect(changes().slice(1)).toEqual([deleted("c"), ...created]);
	});

	it("keeps a complete one with the same id if the state has it", async () => {
		const id = await clusterId(spec, owner);
		await fakeEngine(containers(id, { state: "exited" }));
		await updateCluster(spec, id);
		expect(changes()).toEqual([]);
	});

	it("replaces an incomplete one, even with the same id", async () => {
		const id = await clusterId(spec, owner);
		await fakeEngine(containers(id));
		await complete("c", false);
		await updateCluster(spec, id);
		expect(changes()).toEqual([deleted("c"), ...created]);
	});

	it.each([
		["created", createCluster],
		["updated", updateCluster],
	])("under another name removes the owner's old one, and no other, when %s", async (_, act) => {
		await fakeEngine([
			...containers(newCreationId("00000000", owner), { cluster: "old" }),
			...containers(foreignId, { cluster: "theirs" }),
			...containers(undefined, { cluster: "unmanaged" }),
		]);
		await act(spec, newCreationId("00000000", owner));
		expect(changes()).toEqual([deleted("old"), ...created]);
		expect(Object.keys(nodeStates())).toEqual(nodesOf("c", "theirs", "unmanaged"));
	});
});

describe("adopting a cluster", () => {
	const adopt = { adopt: true };
	/** Of another program, with kind's node image. */
	const theirs = (changed: object = {}) =>
		containers(undefined, { state: "running" }).map((node) => ({ ...node, image: "node:1", ...changed }));

	it("that another program created records the owner in it, and deletes nothing", async () => {
		await fakeEngine(theirs());
		await complete("c", false);
		const { id, isNew, loss } = await plannedCluster(spec, owner, adopt);
		expect({ isNew, loss }).toEqual({ isNew: false, loss: undefined });
		await createCluster(spec, id, adopt);
		expect(changes()).toEqual([
			"docker start c-control-plane",
			"docker exec --interactive c-control-plane cp /dev/stdin /kind/nodeport-lab.finished",
			"docker exec --interactive c-control-plane cp /dev/stdin /kind/nodeport-lab.adopted",
		]);
		expect(adopted()).toBe(id);
		expect(await plannedCluster(spec, owner)).toEqual({ id, isNew: false });
	});

	it("says before that it replaces the owner's cluster of another name, and removes that", async () => {
		await fakeEngine([...theirs(), ...containers(newCreationId("00000000", owner), { cluster: "old" })]);
		const { id, loss } = await plannedCluster(spec, owner, adopt);
		expect(loss).toMatch(/^the cluster old is deleted, .* is lost: the adopted cluster c replaces it$/);
		await createCluster(spec, id, adopt);
		expect(Object.keys(nodeStates()).sort()).toEqual(nodesOf("c"));
	});

	it("makes it the owner's: another one is refused, and it can be recreated and deleted", async () => {
		await fakeEngine(theirs());
		const { id } = await plannedCluster(spec, owner, adopt);
		await createCluster(spec, id, adopt);
		await expect(plannedCluster(spec, "ffffffff", adopt)).rejects.toThrow("belongs to another clone or stack");
		expect((await plannedCluster({ ...spec, workers: 2 }, owner, adopt)).loss).toContain("workers (was 1, now 2)");
		await deleteCluster("c", id);
		expect(nodeStates()).toEqual({});
	});

	it("whose state was lost keeps it", async () => {
		await fakeEngine(theirs());
		const { id } = await plannedCluster(spec, owner, adopt);
		await createCluster(spec, id, adopt);
		const before = changes();
		await createCluster(spec, id, adopt);
		expect(changes()).toEqual(before);
	});

	it("creates it if there is none, and is only done on request", async () => {
		await createCluster(spec, newCreationId("00000000", owner), adopt);
		expect(changes()[0]).toMatch(/^kind create/);
		await fakeEngine(theirs());
		await expect(plannedCluster(spec, owner)).rejects.toThrow(/isn't managed by this project.*adopt: true/);
	});

	it.each([
		[
			"nodes",
			{ ...spec, workers: 2 },
			'got "c-control-plane, c-worker, c-worker2", allowed: c-control-plane, c-worker;',
		],
		["nodes[0].image", { ...spec, nodeImage: "node:2" }, 'got "node:2", allowed: node:1;'],
		["nodes[1].image", { ...spec, nodeImage: "node:2" }, 'got "node:2", allowed: node:1;'],
	])("is refused if %s differs", async (field, other, text) => {
		await fakeEngine(theirs());
		await expect(plannedCluster(other, owner, adopt)).rejects.toThrow(`  ${field}: ${text} fix: `);
		await expect(createCluster(other, newCreationId("00000000", owner), adopt)).rejects.toThrow(text);
		expect(changes()).toEqual([]);
	});
});

describe("deleting a cluster", () => {
	it("also removes its outside client, which Pulumi then doesn't delete itself", async () => {
		const id = newCreationId("00000000", owner);
		await fakeEngine(containers(id));
		await setClients(`c-outside,1,${id},running`, `theirs-outside,2,${foreignId},running`);
		await deleteCluster("c", id);
		expect(nodeStates()).toEqual({});
		expect(clients()).toEqual([`theirs-outside,2,${foreignId},running`]);
		await deleteCluster("c", id);
	});
});

describe("removing everything that an owner created", () => {
	it("finds it under any name, and changes nothing else", async () => {
		await fakeEngine([
			...containers(newCreationId("00000000", owner), { cluster: "a" }),
			...containers(newCreationId("11111111", owner), { cluster: "b", state: "exited" }),
			...containers(foreignId, { cluster: "theirs" }),
			...containers(undefined, { cluster: "unmanaged" }),
		]);
		await removeOwned(owner);
		expect(Object.keys(nodeStates())).toEqual(nodesOf("theirs", "unmanaged"));
	});
});
