import { describe, expect, it } from "vitest";
import { parseSettings } from "../../../../kind/spec/clusterSettings.ts";
import { ClusterSpec, containerCount, nodeImages, specOf } from "../../../../kind/spec/clusterSpec.ts";
import { specChanges } from "../../../../kind/spec/specChanges.ts";

const of = (args: Record<string, unknown>) => specOf(parseSettings("c", { name: "c", ...args }), "node:1");
const raw = { kind: "Cluster", apiVersion: "kind.x-k8s.io/v1alpha4" };
const worker = { role: "worker" };

describe("the spec", () => {
	it("of the lab's cluster hasn't changed, so that no existing lab is recreated", () => {
		const spec = of({ workers: 3, networking: { kubeProxyMode: "nftables" } });
		expect(JSON.stringify(ClusterSpec.parse(spec))).toBe(
			'{"name":"c","workers":3,"nodeImage":"node:1","kubeProxyMode":"nftables"}',
		);
	});

	it.each<[string, object, object]>([
		["a label", { workers: 1 }, { nodes: [{}, { ...worker, labels: { a: "b" } }] }],
		["another label", { nodes: [{ labels: { a: "b" } }] }, { nodes: [{ labels: { a: "c" } }] }],
		["a taint", { workers: 1 }, { nodes: [{}, { ...worker, taints: [{ key: "a", effect: "NoExecute" }] }] }],
		["images", {}, { images: ["echo:1"] }],
		["the registry", {}, { registry: {} }],
		["retain, waitForReady and adopt", {}, { retain: true, waitForReady: 60, adopt: true }],
		["nodes instead of workers", { workers: 1 }, { nodes: [{ role: "control-plane" }, worker] }],
		["the same image for a node", { workers: 1 }, { nodes: [{}, { ...worker, image: "node:1" }] }],
		["empty lists", {}, { nodes: [{ extraMounts: [] }], networking: {}, kubeadmConfigPatches: [] }],
		[
			"kind's configuration with the same content",
			{ featureGates: { A: true } },
			{ kindConfig: { ...raw, featureGates: { A: true } } },
		],
		["another order of fields", { runtimeConfig: { a: "1", b: "2" } }, { runtimeConfig: { b: "2", a: "1" } }],
	])("doesn't change with %s", (_, before, after) => {
		expect(JSON.stringify(of({ ...after }))).toBe(JSON.stringify(of({ ...before })));
	});

	it.each<[string, object, object, string[]]>([
		["a worker", { workers: 1 }, { workers: 2 }, ["workers (was 1, now 2)"]],
		[
			"a control plane",
			{},
			{ nodes: [{}, {}] },
			['nodes[0].role (was absent, now "control-plane")', 'nodes[1].role (was absent, now "control-plane")'],
		],
		[
			"a subnet",
			{},
			{ networking: { podSubnet: "10.1.0.0/16" } },
			['networking.podSubnet (was absent, now "10.1.0.0/16")'],
		],
		[
			"kube-proxy's mode",
			{},
			{ networking: { kubeProxyMode: "ipvs" } },
			['networking.kubeProxyMode (was "iptables", now "ipvs")'],
		],
		["address families", {}, { networking: { ipFamily: "dual" } }, ['networking.ipFamily (was "ipv4", now "dual")']],
		[
			"a published protocol",
			{ publish: { hostPort: 80, nodePort: 30040, protocols: ["TCP"] } },
			{ publish: { hostPort: 80, nodePort: 30040, protocols: ["UDP", "TCP"] } },
			['publish.protocols[0] (was absent, now "TCP")', 'publish.protocols[1] (was absent, now "UDP")'],
		],
		["no search domains", {}, { networking: { dnsSearch: [] } }, ["networking.dnsSearch (was absent, now [])"]],
		[
			"a port mapping",
			{ nodes: [{ extraPortMappings: [{ containerPort: 1, hostPort: 2 }] }] },
			{ nodes: [{ extraPortMappings: [{ containerPort: 1, hostPort: 3 }] }] },
			["nodes[0].extraPortMappings[0].hostPort (was 2, now 3)"],
		],
		[
			"a patch",
			{},
			{ containerdConfigPatches: [`[${"a".repeat(60)}]`] },
			[`containerdConfigPatches[0] (was absent, now "[${"a".repeat(38)}…)`],
		],
		[
			"a feature gate",
			{ featureGates: { A: true } },
			{ featureGates: { A: false } },
			["featureGates.A (was true, now false)"],
		],
	])("changes with %s, which is named", (_, before, after, changes) => {
		expect(specChanges(of({ ...before }), of({ ...after }))).toEqual(changes);
	});
});

it("counts kind's load balancer in front of several control planes", () => {
	expect(containerCount(of({ workers: 2 }))).toBe(3);
	expect(containerCount(of({ nodes: [{}, {}, worker] }))).toBe(4);
});

it("knows each node's image", () => {
	expect(nodeImages(of({ workers: 1 }))).toEqual(["node:1", "node:1"]);
	expect(nodeImages(of({ nodes: [{}, { ...worker, image: "node:2" }] }))).toEqual(["node:1", "node:2"]);
});
