import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { KindCluster, type KindClusterArgs } from "../../../components/kindCluster.ts";
import { newCreationId, ownerOf } from "../../../kind/owner.ts";
import { publishedNodeImage } from "../../../kind/spec/nodeImage.ts";
import { scratchFolder } from "../fakePrograms.ts";
import { addImage, containers, fakeEngine } from "../kind/fakeEngine.ts";
import { only, type Recorded, record, settled } from "./recorder.ts";

const command = "command:local:Command";

let recorded: Recorded[];
beforeAll(async () => {
	recorded = await record("somebody-elses");
});
scratchFolder(() => fakeEngine());

/** The request of the component's command of this name; undefined if there is no such command. */
function request(name: string) {
	const found = recorded.filter((resource) => resource.type === command && resource.name === name);
	return found[0] && JSON.parse(found[0].inputs.stdin);
}

async function created(name: string, args: KindClusterArgs = {}): Promise<KindCluster> {
	const cluster = new KindCluster(name, { nodeImage: "node:1", ...args });
	await settled(cluster.nodes);
	return cluster;
}

describe("its arguments", () => {
	it("are all optional: the component's name, one control plane, kind's node image", async () => {
		const cluster = new KindCluster("smallest");
		expect((await settled(cluster.nodes)).map(({ name }) => name)).toEqual(["smallest-control-plane"]);
		expect(request("smallest-cluster").spec).toEqual({
			name: "smallest",
			workers: 0,
			nodeImage: publishedNodeImage,
			kubeProxyMode: "iptables",
		});
		expect(Object.keys(request("smallest-cluster"))).toEqual(["id", "spec"]);
		expect(Object.keys(request("smallest-access"))).toEqual(["name", "access", "cluster"]);
		for (const name of ["smallest-nodes", "smallest-registry"]) expect(request(name)).toBeUndefined();
	});

	it("are refused together before any resource is registered", () => {
		const before = recorded.length;
		const args = { workers: 60, networking: { podSubnet: "x" } };
		expect(() => new KindCluster("wrong", args)).toThrow(
			/^the arguments of KindCluster "wrong" have 2 errors; nothing was created or changed:\n {2}workers: got 60/,
		);
		expect(recorded.length).toBe(before);
	});

	it("may be outputs", async () => {
		const labels = { tier: pulumi.output(Promise.resolve("db")) };
		await created("outputs", { networking: pulumi.output({ podSubnet: "10.1.0.0/16" }), nodes: [{ labels }] });
		expect(request("outputs-cluster").spec.config).toEqual({ networking: { podSubnet: "10.1.0.0/16" } });
		expect(request("outputs-nodes").nodes).toEqual({ "outputs-control-plane": { labels: { tier: "db" }, taints: [] } });
	});
});

describe("a change", () => {
	/** A cluster that was created from these arguments, and what the engine has then. */
	async function existing(name: string, args: KindClusterArgs) {
		const cluster = new KindCluster(name, { name: "c", nodeImage: "node:1", ...args });
		const id = await settled(cluster.id);
		return { id, nodes: containers(newCreationId(id.split("-")[0] ?? "", await ownerOf("test", name))) };
	}

	const worker = { role: "worker" as const };

	it.each<[string, KindClusterArgs, KindClusterArgs]>([
		["a label", { workers: 1 }, { nodes: [{}, { ...worker, labels: { tier: "db" } }] }],
		["a taint", { workers: 1 }, { nodes: [{}, { ...worker, taints: [{ key: "a", effect: "NoExecute" }] }] }],
		["an image to load", { workers: 1 }, { workers: 1, images: ["echo:1"] }],
		["a registry", { workers: 1 }, { workers: 1, registry: {} }],
		["retain, waitForReady or adopt", { workers: 1 }, { workers: 1, retain: true, waitForReady: 1, adopt: true }],
	])("of %s keeps the cluster", async (what, before, after) => {
		const name = `keeps ${what}`;
		const { nodes } = await existing(name, before);
		await fakeEngine(nodes);
		await addImage("echo:1");
		vi.spyOn(pulumi.log, "warn").mockClear().mockResolvedValue();
		recorded.length = 0;
		await settled(new KindCluster(name, { name: "c", nodeImage: "node:1", ...after }).nodes);
		expect(request(`${name}-cluster`).id).toBe(nodes[0]?.creationId);
		expect(pulumi.log.warn).not.toHaveBeenCalled();
	});

	it.each<[string, KindClusterArgs]>([
		["a worker", { workers: 2 }],
		["an image of a node", { nodes: [{}, { ...worker, image: "node:2" }] }],
		["a mount", { nodes: [{}, { ...worker, extraMounts: [{ hostPath: "/a", containerPath: "/a" }] }] }],
		["a port mapping", { workers: 1, publish: { hostPort: 8080, nodePort: 30040 } }],
		["a subnet", { workers: 1, networking: { podSubnet: "10.1.0.0/16" } }],
		["a feature gate", { workers: 1, featureGates: { A: true } }],
		["a patch", { workers: 1, containerdConfigPatches: ["[a]"] }],
	])("of %s recreates the cluster, and warns already in the preview", async (what, after) => {
		const name = `recreates ${what}`;
		const { nodes } = await existing(name, { workers: 1 });
		await fakeEngine(nodes);
		const warn = vi.spyOn(pulumi.log, "warn").mockClear().mockResolvedValue();
		recorded.length = 0;
		await settled(new KindCluster(name, { name: "c", nodeImage: "node:1", ...after }).nodes);
		expect(request(`${name}-cluster`).id).not.toBe(nodes[0]?.creationId);
		expect(warn.mock.calls[0]?.[0]).toMatch(/^the cluster c was created with other settings: it is recreated/);
	});
});

describe("its commands", () => {
	it("set labels and taints by the API, and remove them with the last one", async () => {
		const taints = [{ key: "team", value: "a", effect: "NoSchedule" as const }];
		await created("labelled", { nodes: [{}, { role: "worker", taints }] });
		expect(request("labelled-nodes")).toEqual({
			cluster: { name: "labelled", id: request("labelled-cluster").id },
			nodes: {
				"labelled-control-plane": { labels: {}, taints: [] },
				"labelled-worker": { labels: {}, taints },
			},
		});
		const inputs = only(recorded, command, "labelled-nodes").inputs;
		expect(inputs.update).toBe(inputs.create);
		expect(inputs.delete).toMatch(/ clear-nodes$/);
	});

	it("start a registry", async () => {
		const cluster = await created("registered", { registry: { port: 5005 } });
		expect(cluster.registry && (await settled(cluster.registry))).toBe("localhost:5005");
		const registry = { name: "kind-registry", port: 5005, image: "registry:3" };
		expect(request("registered-registry")).toMatchObject({ cluster: { name: "registered" }, registry });
	});

	it("load images and archives", async () => {
		await addImage("example/echo:1");
		await created("loaded", { images: ["example/echo:1"], imageArchives: ["bin/docker"] });
		expect(request("loaded-example-echo-1-load")).toEqual({ cluster: "loaded", image: "example/echo:1", nodes: [] });
		expect(request("loaded-bin-docker-load")).toEqual({ cluster: "loaded", archive: "bin/docker", nodes: [] });
	});

	it.each<[string, KindClusterArgs, object, object | undefined]>([
		["retain and adopt", { retain: true, adopt: true }, { retain: true, adopt: true }, undefined],
		["waitForReady", { waitForReady: 60 }, {}, { seconds: 60 }],
		["no wait without a network plugin", { networking: { disableDefaultCNI: true } }, {}, { seconds: 0 }],
	])("get %s", async (what, args, options, wait) => {
		const name = what.replaceAll(" ", "-").toLowerCase().slice(0, 10);
		await created(name, args);
		expect(request(`${name}-cluster`)).toMatchObject(options);
		expect(request(`${name}-access`).wait).toEqual(wait);
	});
});

describe("its outputs", () => {
	const secrets = ["kubeconfig", "internalKubeconfig", "clientCertificate", "clientKey"] as const;
	const others = ["id", "name", "kubeconfigPath", "endpoint", "clusterCaCertificate", "network", "nodes"] as const;

	const isSecret = (output: pulumi.Output<unknown>) => pulumi.isSecret(output);

	it("are secret if they are credentials", async () => {
		const cluster = await created("secrets");
		for (const name of secrets) expect([name, await isSecret(cluster[name])]).toEqual([name, true]);
		for (const name of others) expect([name, await isSecret(cluster[name])]).toEqual([name, false]);
	});

	it("lead to the API server from the host and from kind's network, and prove who is there", async () => {
		const cluster = await created("ha", { nodes: [{}, {}, { role: "worker" }] });
		expect(await settled(cluster.endpoint)).toBe("https://127.0.0.1:40001");
		expect(await settled(cluster.internalKubeconfig)).toContain("server: https://ha-external-load-balancer:6443");
		expect(await settled(cluster.clientKey)).toBe("key");
		expect(await settled(cluster.network)).toBe("kind");
		expect((await settled(cluster.nodes)).map(({ name, role }) => `${name} ${role}`)).toEqual([
			"ha-control-plane control-plane",
			"ha-control-plane2 worker",
			"ha-worker worker",
		]);
	});
});
