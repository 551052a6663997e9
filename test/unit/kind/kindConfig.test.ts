/** kind's configuration of a cluster, compared with what https://kind.sigs.k8s.io/docs/user/configuration/ describes. */
import { expect, it } from "vitest";
import { parse } from "yaml";
import { hasOwnImages, kindConfig } from "../../../kind/kindConfig.ts";
import { parseSettings } from "../../../kind/spec/clusterSettings.ts";
import { specOf } from "../../../kind/spec/clusterSpec.ts";

const mark = { hostPath: "/dev/null", containerPath: "/kind/nodeport-lab/1234", readOnly: true };
const usual = { kubeProxyMode: "iptables", podSubnet: "10.244.0.0/16", serviceSubnet: "10.96.0.0/16" };
const plane = { role: "control-plane", extraMounts: [mark] };
const worker = { role: "worker", extraMounts: [mark] };

function rendered(args: Record<string, unknown>) {
	const spec = specOf(parseSettings("c", { name: "c", ...args }), "node:1");
	const { kubeadmConfigPatches, ...config } = parse(kindConfig(spec, "1234"));
	return { spec, config, patches: kubeadmConfigPatches.map((patch: string) => parse(patch)) };
}

it.each<[string, Record<string, unknown>, object]>([
	["nothing: one control plane", {}, { networking: usual, nodes: [plane] }],
	["workers", { workers: 2 }, { networking: usual, nodes: [plane, worker, worker] }],
	[
		"a published nodePort",
		{ publish: { hostPort: 8080, nodePort: 30040 } },
		{
			networking: usual,
			nodes: [{ ...plane, extraPortMappings: [{ containerPort: 30040, hostPort: 8080, listenAddress: "127.0.0.1" }] }],
		},
	],
	[
		"a nodePort that is published for both protocols",
		{ publish: { hostPort: 8080, nodePort: 30040, protocols: ["UDP", "TCP"] } },
		{
			networking: usual,
			nodes: [
				{
					...plane,
					extraPortMappings: [
						{ containerPort: 30040, hostPort: 8080, listenAddress: "127.0.0.1" },
						{ containerPort: 30040, hostPort: 8080, listenAddress: "127.0.0.1", protocol: "UDP" },
					],
				},
			],
		},
	],
	[
		"several control planes",
		{ nodes: [{ role: "control-plane" }, {}, { role: "worker" }] },
		{ networking: usual, nodes: [plane, plane, worker] },
	],
	[
		"settings of a node",
		{
			nodes: [
				{},
				{
					role: "worker",
					extraMounts: [{ hostPath: "/data", containerPath: "/mnt", readOnly: true, propagation: "HostToContainer" }],
					extraPortMappings: [{ containerPort: 80, hostPort: 8080, protocol: "UDP" }],
					kubeadmConfigPatches: ["kind: JoinConfiguration\n"],
					kubeadmConfigPatchesJSON6902: [
						{ group: "kubeadm.k8s.io", version: "v1beta4", kind: "JoinConfiguration", patch: "[]" },
					],
				},
			],
		},
		{
			networking: usual,
			nodes: [
				plane,
				{
					role: "worker",
					extraMounts: [
						mark,
						{ hostPath: "/data", containerPath: "/mnt", readOnly: true, propagation: "HostToContainer" },
					],
					extraPortMappings: [{ containerPort: 80, hostPort: 8080, protocol: "UDP" }],
					kubeadmConfigPatches: ["kind: JoinConfiguration\n"],
					kubeadmConfigPatchesJSON6902: [
						{ group: "kubeadm.k8s.io", version: "v1beta4", kind: "JoinConfiguration", patch: "[]" },
					],
				},
			],
		},
	],
	[
		"an image of one node, which kind's flag --image would replace",
		{ nodes: [{}, { role: "worker", image: "node:2" }] },
		{
			networking: usual,
			nodes: [
				{ ...plane, image: "node:1" },
				{ ...worker, image: "node:2" },
			],
		},
	],
	[
		"labels and taints: nothing, because the API sets them",
		{ nodes: [{ labels: { a: "b" } }] },
		{ networking: usual, nodes: [plane] },
	],
	[
		"networking",
		{
			networking: {
				apiServerAddress: "127.0.0.2",
				apiServerPort: 6443,
				podSubnet: "10.1.0.0/16",
				disableDefaultCNI: true,
				kubeProxyMode: "none",
				dnsSearch: [],
			},
		},
		{
			networking: {
				kubeProxyMode: "none",
				podSubnet: "10.1.0.0/16",
				serviceSubnet: "10.96.0.0/16",
				apiServerAddress: "127.0.0.2",
				apiServerPort: 6443,
				disableDefaultCNI: true,
				dnsSearch: [],
			},
			nodes: [plane],
		},
	],
	[
		"another IP family, whose subnets kind chooses",
		{ networking: { ipFamily: "dual" } },
		{ networking: { kubeProxyMode: "iptables", ipFamily: "dual" }, nodes: [plane] },
	],
	[
		"settings of all components",
		{
			featureGates: { A: true },
			runtimeConfig: { "api/alpha": "true" },
			containerdConfigPatches: ["[a]"],
			containerdConfigPatchesJSON6902: ["[]"],
		},
		{
			networking: usual,
			nodes: [plane],
			featureGates: { A: true },
			runtimeConfig: { "api/alpha": "true" },
			containerdConfigPatches: ["[a]"],
			containerdConfigPatchesJSON6902: ["[]"],
		},
	],
	[
		"a raw configuration, also fields that this package doesn't know",
		{
			kindConfig:
				"kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnewField: 1\nnodes:\n- role: control-plane\n  newNodeField: 2\n",
		},
		{ networking: usual, nodes: [{ ...plane, newNodeField: 2 }], newField: 1 },
	],
])("of %s", (_, args, expected) => {
	const { config } = rendered(args);
	expect(config).toEqual({ kind: "Cluster", apiVersion: "kind.x-k8s.io/v1alpha4", ...expected });
});

it("applies the program's patches after its own, which only change objects of their version", () => {
	const own = { kind: "ClusterConfiguration", apiServer: { certSANs: ["a"] } };
	const { patches } = rendered({ kubeadmConfigPatches: [JSON.stringify(own)] });
	expect(patches.map(({ kind, apiVersion }: typeof own & { apiVersion?: string }) => [kind, apiVersion])).toEqual([
		["KubeletConfiguration", undefined],
		["ClusterConfiguration", "kubeadm.k8s.io/v1beta3"],
		["ClusterConfiguration", "kubeadm.k8s.io/v1beta4"],
		["ClusterConfiguration", undefined],
	]);
	expect(patches.at(-1)).toEqual(own);
});

it("sets the controller manager's limits for every Kubernetes, in the form that its kubeadm reads", () => {
	const { patches } = rendered({});
	const argsOf = (version: string) =>
		patches.find(({ apiVersion }: { apiVersion?: string }) => apiVersion === `kubeadm.k8s.io/${version}`)
			?.controllerManager.extraArgs;
	expect(argsOf("v1beta3")).toEqual({ "kube-api-qps": "200", "kube-api-burst": "400" });
	expect(argsOf("v1beta4")).toEqual([
		{ name: "kube-api-qps", value: "200" },
		{ name: "kube-api-burst", value: "400" },
	]);
});

it.each([
	[false, { workers: 1 }],
	[false, { nodes: [{ image: "node:1" }] }],
	[true, { nodes: [{ image: "node:2" }] }],
])("says %j whether nodes have other images than the cluster: %j", (expected, args) => {
	expect(hasOwnImages(rendered(args).spec)).toBe(expected);
});
