/** The clusters that test/fixtures/trace was captured from, as the verification sees them. */
import { readFileSync } from "node:fs";
import type { Runner } from "../../../../kubernetes/clients.ts";
import type { Cluster } from "../../../../kubernetes/liveCluster.ts";
import type { Node } from "../../../../kubernetes/model.ts";
import type { ClusterSnapshot, Endpoint, Place } from "../../../../kubernetes/snapshot.ts";
import type { Packet } from "../../../../netfilter/model.ts";
import { type Ruleset, readRuleset } from "../../../../verification/ruleset.ts";
import { sampleView } from "../sampleSnapshot.ts";

export const fixture = (name: string): string =>
	readFileSync(new URL(`../../../fixtures/trace/${name}`, import.meta.url), "utf8");

const nodeOf = (name: string, host: number, pods: number): Node => ({
	name,
	role: name.endsWith("control-plane") ? "control-plane" : "worker",
	ready: true,
	internalIp: `172.18.0.${host}`,
	podCidr: `10.244.${pods}.0/24`,
	labels: {},
	kubeletVersion: "v1.36.3",
	osImage: "Debian GNU/Linux 12 (bookworm)",
	kernelVersion: "6.18",
	containerRuntime: "containerd://2.3.6",
});

const endpoint = (node: string, ip: string, pod: string): Endpoint => ({ ip, port: 8080, node, pod });
const one = [endpoint("nodeport-worker", "10.244.1.10", "app1-6666c77bf5-p5nfg")];
const two = [
	endpoint("nodeport-worker", "10.244.1.11", "trace-app-98b6d997b-5lkgn"),
	endpoint("nodeport-worker3", "10.244.3.3", "trace-app-98b6d997b-j4wp4"),
];

const serviceOf = (name: string, clusterIp: string, nodePort: number, policy: "Cluster" | "Local") => ({
	...sampleView().service,
	name,
	dnsName: `${name}.default.svc.cluster.local`,
	clusterIp,
	nodePort,
	externalTrafficPolicy: policy,
});

const nodes = [
	nodeOf("nodeport-control-plane", 7, 0),
	nodeOf("nodeport-worker", 8, 1),
	nodeOf("nodeport-worker2", 9, 2),
	nodeOf("nodeport-worker3", 6, 3),
];
const runner = (pod: string): Runner => ({ exec: { namespace: "kube-system", pod, container: "kube-proxy" } });
const base = sampleView({ nodes, kubeProxies: new Map(nodes.map(({ name }) => [name, runner(name)])) });

/** The lab with each of its Services. */
export const snapshots = {
	"nodeport-service": {
		...base,
		service: serviceOf("nodeport-service", "10.96.132.81", 30040, "Cluster"),
		endpoints: one,
	},
	"trace-cluster": { ...base, service: serviceOf("trace-cluster", "10.96.65.244", 30042, "Cluster"), endpoints: two },
	"trace-local": { ...base, service: serviceOf("trace-local", "10.96.245.102", 30043, "Local"), endpoints: two },
	"trace-empty": { ...base, service: serviceOf("trace-empty", "10.96.96.156", 30044, "Cluster"), endpoints: [] },
} satisfies Record<string, ClusterSnapshot>;

const nftNode = nodeOf("trace-nft-worker", 13, 1);
export const nftView: ClusterSnapshot = {
	...base,
	nodes: [nftNode],
	kubeProxies: new Map([[nftNode.name, runner(nftNode.name)]]),
};

export const dnsutils: Place = { network: "pod", node: "nodeport-worker3", ip: "10.244.3.2" };

/** Answers as the node's tools did. */
const cluster = {
	run: async (runner: Runner, program: string[]) => {
		const node = "exec" in runner ? runner.exec.pod : "";
		const nft = node === nftNode.name;
		const outputs: Record<string, () => string> = {
			nft: () => (nft ? fixture("nftables.json") : '{"nftables": []}'),
			"iptables-save": () => fixture(nft ? "nftables.iptables.txt" : `${node}.iptables.txt`),
			"iptables-legacy-save": () => "",
		};
		return { code: 0, stdout: outputs[program[0] ?? ""]?.() ?? "", stderr: "" };
	},
} as unknown as Cluster;

export async function rulesetOf(name: string): Promise<Ruleset> {
	const snapshot = name === nftNode.name ? nftView : base;
	const node = snapshot.nodes.find((node) => node.name === name);
	if (!node) throw new Error(`no fixture of node ${name}`);
	return readRuleset(cluster, snapshot, node);
}

export const rulesets = async (): Promise<Map<string, Ruleset>> =>
	new Map(await Promise.all(nodes.map(async ({ name }) => [name, await rulesetOf(name)] as const)));

const packet = (
	from: string,
	sourcePort: number,
	to: string,
	destinationPort: number,
	inInterface?: string,
): Packet => ({
	family: "ipv4",
	protocol: "tcp",
	source: from,
	sourcePort,
	destination: to,
	destinationPort,
	mark: 0,
	ctstate: "NEW",
	...(inInterface !== undefined && { inInterface }),
});

/** Every captured trace: its file, the node that traced it, the packet, and how many rules acted on it. */
export const captures: [file: string, node: string, packet: Packet, rules: number][] = [
	["own-node.xtables.txt", "nodeport-worker3", packet("10.244.3.2", 20010, "172.18.0.6", 30042, "veth0"), 14],
	["loopback.xtables.txt", "nodeport-worker3", packet("127.0.0.1", 20011, "127.0.0.1", 30042), 14],
	[
		"local-without-endpoint.xtables.txt",
		"nodeport-worker2",
		packet("172.18.0.6", 20012, "172.18.0.9", 30043, "eth0"),
		7,
	],
	["no-endpoints.xtables.txt", "nodeport-worker2", packet("172.18.0.6", 20013, "172.18.0.9", 30044, "eth0"), 6],
	["other-node.xtables.txt", "nodeport-worker", packet("172.18.0.6", 20014, "172.18.0.8", 30042, "eth0"), 14],
	["to-itself.xtables.txt", "nodeport-worker2", packet("172.18.0.9", 20015, "172.18.0.9", 30042), 14],
	["nothing-there.xtables.txt", "nodeport-worker2", packet("172.18.0.9", 20016, "172.18.0.9", 9999), 11],
	["own-node.nft.txt", "trace-nft-worker", packet("10.244.1.3", 20020, "172.18.0.13", 30040, "veth0"), 10],
	["to-itself.nft.txt", "trace-nft-worker", packet("172.18.0.13", 20021, "172.18.0.13", 30040), 11],
	["unallocated.nft.txt", "trace-nft-worker", packet("10.244.1.3", 20022, "10.96.200.200", 80, "veth0"), 5],
];

export function captureOf(wanted: string): (typeof captures)[number] {
	const found = captures.find(([file]) => file === wanted);
	if (!found) throw new Error(`no capture ${wanted}`);
	return found;
}
