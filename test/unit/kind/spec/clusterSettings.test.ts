import { expect, it } from "vitest";
import { graphOf, parseSettings } from "../../../../kind/spec/clusterSettings.ts";
import { UserError } from "../../../../lib/userError.ts";

/** The lines of the error, without its title. */
function errors(args: Record<string, unknown>): string[] {
	try {
		parseSettings("dev", { name: "c", ...args });
	} catch (error) {
		expect(error).toBeInstanceOf(UserError);
		return (error as Error).message
			.split("\n")
			.slice(1)
			.map((line) => line.trim());
	}
	return [];
}

const worker = { role: "worker" };
const node = (settings: object) => ({ nodes: [settings] });
const ports = (...extraPortMappings: object[]) => node({ extraPortMappings });

it.each<[field: string, got: string, allowed: RegExp, args: Record<string, unknown>]>([
	["name", '"C_1"', /lower-case letters/, { name: "C_1" }],
	["workers", "51", /from 0 to 50/, { workers: 51 }],
	["workers", '"1"', /a whole number/, { workers: "1" }],
	["workers", "1", /nothing next to nodes/, { workers: 1, nodes: [{}, worker] }],
	["nodeImage", '"no image"', /an image reference/, { nodeImage: "no image" }],
	["publish.protocols[0]", '"SCTP"', /TCP or UDP/, { publish: { hostPort: 80, nodePort: 30000, protocols: ["SCTP"] } }],
	["publish.nodePort", "80", /from 30000 to 32767/, { publish: { hostPort: 80, nodePort: 80 } }],
	["nodes", "[]", /at least one node with the role control-plane/, { nodes: [] }],
	["nodes", '[{"role":"worker"}]', /at least one/, { nodes: [worker] }],
	["nodes[0].role", '"master"', /control-plane or worker/, { nodes: [{ role: "master" }, {}] }],
	["nodes[0].image", '"A B"', /an image reference/, node({ image: "A B" })],
	["nodes[0].label", '{"a":"b"}', /no such field; the fields are role, image, labels/, node({ label: { a: "b" } })],
	['nodes[0].labels["a b"]', '"c"', /a key such as example.com\/tier/, node({ labels: { "a b": "c" } })],
	["nodes[0].labels.a", '"b c"', /at most 63 letters/, node({ labels: { a: "b c" } })],
	["nodes[0].labels.a", "true", /at most 63 letters/, node({ labels: { a: true } })],
	["nodes[0].taints[0].effect", '"Evict"', /NoSchedule or/, node({ taints: [{ key: "a", effect: "Evict" }] })],
	[
		"nodes[0].taints[1]",
		'"a:NoExecute"',
		/each key once with an effect; this repeats nodes\[0\].taints\[0\]/,
		node({
			taints: [
				{ key: "a", effect: "NoExecute" },
				{ key: "a", value: "b", effect: "NoExecute" },
			],
		}),
	],
	[
		"nodes[0].extraMounts[0].containerPath",
		'"data"',
		/an absolute path/,
		node({ extraMounts: [{ containerPath: "data", hostPath: "a" }] }),
	],
	[
		"nodes[0].extraMounts[0].hostPath",
		"nothing",
		/a path on the Docker host/,
		node({ extraMounts: [{ containerPath: "/a" }] }),
	],
	[
		"nodes[0].extraMounts[1]",
		'"/a"',
		/each containerPath once/,
		node({
			extraMounts: [
				{ containerPath: "/a", hostPath: "a" },
				{ containerPath: "/a", hostPath: "b" },
			],
		}),
	],
	["nodes[0].extraPortMappings[0].containerPort", "0", /from 1 to 65535/, ports({ containerPort: 0 })],
	["nodes[0].extraPortMappings[0].hostPort", "-2", /from -1 to 65535/, ports({ containerPort: 1, hostPort: -2 })],
	[
		"nodes[0].extraPortMappings[0].listenAddress",
		'"localhost"',
		/an IP address/,
		ports({ containerPort: 1, listenAddress: "localhost" }),
	],
	[
		"nodes[0].extraPortMappings[0].protocol",
		'"tcp"',
		/TCP or UDP or SCTP/,
		ports({ containerPort: 1, protocol: "tcp" }),
	],
	[
		"nodes[1].extraPortMappings[0].hostPort",
		"80",
		/a port that nodes\[0\].extraPortMappings\[0\].hostPort doesn't already use on 127.0.0.1/,
		{
			nodes: [
				{ extraPortMappings: [{ containerPort: 80, hostPort: 80, listenAddress: "127.0.0.1" }] },
				{ role: "worker", extraPortMappings: [{ containerPort: 90, hostPort: 80 }] },
			],
		},
	],
	[
		"publish.hostPort",
		"6443",
		/networking.apiServerPort/,
		{ networking: { apiServerPort: 6443 }, publish: { hostPort: 6443, nodePort: 30000 } },
	],
	[
		"registry.port",
		"8080",
		/publish.hostPort/,
		{ registry: { port: 8080 }, publish: { hostPort: 8080, nodePort: 30000 } },
	],
	["kubeadmConfigPatches[0]", '"- a"', /YAML with a field kind/, { kubeadmConfigPatches: ["- a"] }],
	["kubeadmConfigPatches[0]", '"kind: ["', /YAML with a field kind/, { kubeadmConfigPatches: ["kind: ["] }],
	[
		"kubeadmConfigPatches[0]",
		'"kind: ClusterConfig"',
		/ClusterConfiguration, InitConfiguration/,
		{ kubeadmConfigPatches: ["kind: ClusterConfig"] },
	],
	[
		"kubeadmConfigPatchesJSON6902[0].patch",
		'"op: add"',
		/a list of operations/,
		{ kubeadmConfigPatchesJSON6902: [{ group: "g", version: "v", kind: "InitConfiguration", patch: "op: add" }] },
	],
	["containerdConfigPatches[0]", '" "', /in TOML/, { containerdConfigPatches: [" "] }],
	["containerdConfigPatchesJSON6902[0]", '"{}"', /a list of operations/, { containerdConfigPatchesJSON6902: ["{}"] }],
	["featureGates.A", '"true"', /true or false/, { featureGates: { A: "true" } }],
	["runtimeConfig.a", "true", /text/, { runtimeConfig: { a: true } }],
	["networking.ipFamily", '"IPv6"', /ipv4 or ipv6 or dual/, { networking: { ipFamily: "IPv6" } }],
	["networking.podSubnet", '"10.0.0.0"', /one IPv4 subnet in CIDR notation/, { networking: { podSubnet: "10.0.0.0" } }],
	[
		"networking.podSubnet",
		'"fd00::/56"',
		/one IPv4 subnet.*because ipFamily is ipv4/,
		{ networking: { podSubnet: "fd00::/56" } },
	],
	[
		"networking.serviceSubnet",
		'"10.0.0.0/16"',
		/one IPv6 subnet/,
		{ networking: { ipFamily: "ipv6", serviceSubnet: "10.0.0.0/16" } },
	],
	[
		"networking.podSubnet",
		'"10.0.0.0/16,10.1.0.0/16"',
		/an IPv4 and an IPv6/,
		{ networking: { ipFamily: "dual", podSubnet: "10.0.0.0/16,10.1.0.0/16" } },
	],
	[
		"networking.podSubnet",
		'"10.96.4.0/24"',
		/doesn't overlap 10.96.0.0\/16, the subnet of the Services/,
		{ networking: { podSubnet: "10.96.4.0/24" } },
	],
	[
		"networking.serviceSubnet",
		'"10.0.0.0/8"',
		/doesn't overlap 10.244.0.0\/16, the subnet of the pods/,
		{ networking: { serviceSubnet: "10.0.0.0/8" } },
	],
	["networking.apiServerAddress", '"all"', /an IP address/, { networking: { apiServerAddress: "all" } }],
	["networking.apiServerPort", "70000", /from -1 to 65535/, { networking: { apiServerPort: 70000 } }],
	[
		"networking.kubeProxyMode",
		'"ebpf"',
		/iptables or nftables or ipvs or none/,
		{ networking: { kubeProxyMode: "ebpf" } },
	],
	["networking.dnsSearch[0]", '"a b"', /a DNS domain/, { networking: { dnsSearch: ["a b"] } }],
	["registry.name", '"-"', /a container's name/, { registry: { name: "-" } }],
	["images[0]", '"A"', /an image reference/, { images: ["A"] }],
	[
		"imageArchives[0]",
		'"absent.tar"',
		/the path of an archive; fix: docker save --output absent.tar/,
		{ imageArchives: ["absent.tar"] },
	],
	["waitForReady", "-1", /from 0 to 3600/, { waitForReady: -1 }],
	[
		"waitForReady",
		"60",
		/0 with networking.disableDefaultCNI/,
		{ waitForReady: 60, networking: { disableDefaultCNI: true } },
	],
	["adopt", '"yes"', /true or false/, { adopt: "yes" }],
	["kindConfig.apiVersion", '"v1"', /kind.x-k8s.io\/v1alpha4/, { kindConfig: { kind: "Cluster", apiVersion: "v1" } }],
	["kindConfig", '"- a"', /kind's configuration/, { kindConfig: "- a" }],
	[
		"workers",
		"1",
		/nothing next to kindConfig/,
		{ workers: 1, kindConfig: { kind: "Cluster", apiVersion: "kind.x-k8s.io/v1alpha4" } },
	],
	["clusterName", '"x"', /no such field; the fields are name, workers/, { clusterName: "x" }],
])("%s refuses %s", (field, got, allowed, args) => {
	const [line, ...others] = errors(args);
	expect(others).toEqual([]);
	expect(line?.startsWith(`${field}: got ${got}`), line).toBe(true);
	expect(line).toMatch(allowed);
	expect(line).toContain("; fix: ");
});

it("reports all errors together", () => {
	const args = { workers: 60, nodeImage: "A", networking: { podSubnet: "x" }, nodes: [{ labels: { a: "b c" } }] };
	expect(errors(args).map((line) => line.split(":")[0])).toEqual(
		expect.arrayContaining(["workers", "nodeImage", "networking.podSubnet", "nodes[0].labels.a"]),
	);
	expect(() => parseSettings("dev", { name: "c", ...args })).toThrow(
		/^the arguments of KindCluster "dev" have 5 errors; nothing was created or changed:/,
	);
});

it.each<[string, Record<string, unknown>]>([
	[
		"host ports that listen on different addresses",
		{
			...ports(
				{ containerPort: 1, hostPort: 80, listenAddress: "127.0.0.1" },
				{ containerPort: 2, hostPort: 80, listenAddress: "127.0.0.2" },
			),
		},
	],
	[
		"host ports of different protocols",
		ports({ containerPort: 1, hostPort: 80 }, { containerPort: 1, hostPort: 80, protocol: "UDP" }),
	],
	["host ports that kind chooses", ports({ containerPort: 1 }, { containerPort: 2, hostPort: 0 })],
	["labels that a kubelet may not set for itself", node({ labels: { "node-role.kubernetes.io/db": "" } })],
	["one subnet with two families", { networking: { ipFamily: "dual", podSubnet: "10.1.0.0/16" } }],
	["an image by digest", { nodeImage: `kindest/node:v1@sha256:${"0".repeat(64)}` }],
])("accepts %s", (_, args) => expect(errors(args)).toEqual([]));

it("fills in the usual registry", () => {
	expect(parseSettings("dev", { name: "c", registry: {} }).registry).toEqual({
		name: "kind-registry",
		port: 5001,
		image: "registry:3",
	});
});

it.each([
	[{}, ["c-control-plane"], "c-control-plane"],
	[{ workers: 2 }, ["c-control-plane", "c-worker", "c-worker2"], "c-control-plane"],
	[
		{ nodes: [worker, {}, worker, { role: "control-plane" }] } as const,
		["c-control-plane", "c-control-plane2", "c-worker", "c-worker2"],
		"c-external-load-balancer",
	],
	[
		{ kindConfig: "nodes: [{ role: control-plane }, { role: worker }]" },
		["c-control-plane", "c-worker"],
		"c-control-plane",
	],
	[{ kindConfig: "[" }, ["c-control-plane"], "c-control-plane"],
] as [Parameters<typeof graphOf>[1], string[], string][])(
	"knows the names of the nodes of %j",
	(args, names, internalHost) => {
		expect(graphOf("c", args)).toMatchObject({ names, internalHost });
	},
);
