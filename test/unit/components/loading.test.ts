import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it } from "vitest";
import { ClusterImage } from "../../../components/clusterImage.ts";
import { KindCluster } from "../../../components/kindCluster.ts";
import { plannedCluster } from "../../../kind/kind.ts";
import { ownerOf } from "../../../kind/owner.ts";
import { scratchFolder } from "../fakePrograms.ts";
import { addImage, containers, fakeEngine } from "../kind/fakeEngine.ts";
import { answers, settled } from "./recorder.ts";

const args = { name: "c", workers: 1, nodeImage: "node:1" };
const spec = { ...args, kubeProxyMode: "iptables" as const };
const ended: string[] = [];
/** Delays the access command: resources that depend on it end later. */
let untilAccessEnds: () => Promise<void>;

scratchFolder(() => fakeEngine());
beforeAll(() =>
	pulumi.runtime.setMocks({
		async newResource({ type, name, inputs, id }) {
			if (name.endsWith("-access")) await untilAccessEnds();
			ended.push(name);
			return { id: id ?? `${name}-id`, state: answers[type]?.(inputs, id ?? "") ?? inputs };
		},
		call: ({ token }) => {
			throw new Error(`unexpected call of ${token}`);
		},
	}),
);

it("doesn't wait until a new cluster can be reached", async () => {
	await addImage("echo:1");
	let end = () => {};
	const ending = new Promise<void>((resolve) => {
		end = resolve;
	});
	untilAccessEnds = () => ending;
	const cluster = new KindCluster("new", args);
	const image = new ClusterImage("new-image", { cluster, image: "echo:1", nodes: [] });
	expect(await settled(image.reference)).toBe("echo:1"); // Otherwise this never resolves.
	end();
	await settled(cluster.nodes);
	expect(ended.indexOf("new-image-load")).toBeLessThan(ended.indexOf("new-access"));
});

it("waits until the nodes of an existing kind cluster run", async () => {
	const { id } = await plannedCluster(spec, await ownerOf("stack", "old"));
	await fakeEngine(containers(id, { state: "exited" }));
	await addImage("echo:1");
	untilAccessEnds = () => new Promise((resolve) => setTimeout(resolve, 1000));
	const cluster = new KindCluster("old", args);
	await settled(new ClusterImage("old-image", { cluster, image: "echo:1", nodes: [] }).reference);
	expect(ended.indexOf("old-access")).toBeGreaterThan(-1);
	expect(ended.indexOf("old-image-load")).toBeGreaterThan(ended.indexOf("old-access"));
});
