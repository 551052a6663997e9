import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, it, vi } from "vitest";
import { ClusterImage } from "../../../components/clusterImage.ts";
import { KindCluster } from "../../../components/kindCluster.ts";
import { plannedCluster } from "../../../kind/kind.ts";
import { ownerOf } from "../../../kind/owner.ts";
import { containers, engine } from "../kind/engine.ts";
import { answers, settled } from "./recorder.ts";

vi.mock("../../../kind/docker.ts", async (original) => ({
	...(await original<typeof import("../../../kind/docker.ts")>()),
	...(await import("../kind/engine.ts")).docker(),
	imageId: async () => "sha256:1",
}));

const spec = { name: "c", workers: 1, nodeImage: "node:1", kubeProxyMode: "iptables" as const };
const ended: string[] = [];
/** Delays the access command: resources that depend on it end later. */
let untilAccessEnds: () => Promise<void>;

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
	engine.nodes = [];
	let end = () => {};
	const ending = new Promise<void>((resolve) => {
		end = resolve;
	});
	untilAccessEnds = () => ending;
	const cluster = new KindCluster("new", spec);
	const image = new ClusterImage("new-image", { cluster, image: "echo:1", nodes: [] });
	expect(await settled(image.reference)).toBe("echo:1"); // Otherwise this never resolves.
	end();
	await settled(cluster.nodes);
	expect(ended.indexOf("new-image-load")).toBeLessThan(ended.indexOf("new-access"));
});

it("waits until the nodes of an existing kind cluster run", async () => {
	const { id } = await plannedCluster(spec, await ownerOf("stack", "old"));
	engine.nodes = containers(id, { state: "exited" });
	untilAccessEnds = () => new Promise((resolve) => setTimeout(resolve, 1000));
	const cluster = new KindCluster("old", spec);
	await settled(new ClusterImage("old-image", { cluster, image: "echo:1", nodes: [] }).reference);
	expect(ended.indexOf("old-access")).toBeGreaterThan(-1);
	expect(ended.indexOf("old-image-load")).toBeGreaterThan(ended.indexOf("old-access"));
});
