/**
 * The sample lab with two address families and both protocols: its rules are the captured ones, also with IPv6 addresses, and
 * with each rule for TCP repeated for UDP.
 */
import type { Runner } from "../../../kubernetes/clients.ts";
import type { Cluster } from "../../../kubernetes/liveCluster.ts";
import type { Node } from "../../../kubernetes/model.ts";
import type { ClusterSnapshot, Place, PlacedClient, ViewName } from "../../../kubernetes/snapshot.ts";
import type { Family } from "../../../netfilter/model.ts";
import { type Ruleset, readRuleset } from "../../../verification/ruleset.ts";
import { asIpv6, rulesAsIpv6 } from "./diagnosis/dualStack.ts";
import { dnsutils, fixture, snapshots } from "./trace/traceLab.ts";

export const viewNames: ViewName[] = (["ipv4", "ipv6"] as const).flatMap((family) =>
	(["tcp", "udp"] as const).map((protocol) => ({ family, protocol })),
);

const bothIps = (ip: string): string[] => [ip, asIpv6(ip)];
const ipOf = (family: Family, ip: string): string => (family === "ipv6" ? asIpv6(ip) : ip);

const dual = (node: Node): Node => ({
	...node,
	internalIps: bothIps(node.internalIp),
	podCidrs: [node.podCidr, asIpv6(node.podCidr).replace("/24", "/64")],
});

export const placeIn = (family: Family, { ip = "", ...place }: Place): Place => ({
	...place,
	ip: ipOf(family, ip),
	ips: bothIps(ip),
});

const runner = (pod: string): Runner => ({ exec: { namespace: "default", pod, container: "main" } });

/** In the order of the views: dnsutils, then every node. */
function clientsOf({ nodes }: ClusterSnapshot, family: Family): PlacedClient[] {
	const clientOf = (name: string, place: Place): PlacedClient => ({
		name,
		run: runner(name),
		get: ["curl"],
		getByUdp: ["echo-get"],
		place: placeIn(family, place),
	});
	return [
		clientOf("dnsutils", dnsutils),
		...nodes.map(({ name, internalIp }) => clientOf(name, { network: "node", node: name, ip: internalIp })),
	];
}

function viewOf(snapshot: ClusterSnapshot, { family, protocol }: ViewName): ClusterSnapshot {
	const { service } = snapshot;
	return {
		...snapshot,
		family,
		protocol,
		clients: clientsOf(snapshot, family),
		nodes: snapshot.nodes.map(dual).map((node) => ({
			...node,
			internalIp: ipOf(family, node.internalIp),
			podCidr: (family === "ipv6" ? node.podCidrs?.[1] : node.podCidr) ?? "",
		})),
		service: {
			...service,
			clusterIp: ipOf(family, service.clusterIp),
			clusterIps: bothIps(service.clusterIp),
			protocols: ["tcp", "udp"],
			portName: protocol === "udp" ? "echo-udp" : "echo",
		},
		endpoints: snapshot.endpoints.map((endpoint) => ({ ...endpoint, ip: ipOf(family, endpoint.ip) })),
	};
}

/** The first view, with the others. */
export function withViews(snapshot: ClusterSnapshot): ClusterSnapshot {
	const [first = snapshot, ...otherViews] = viewNames.map((name) => viewOf(snapshot, name));
	return { ...first, otherViews };
}

/** @param name of one of the Services in traceLab.ts */
export const labViews = (name: keyof typeof snapshots = "nodeport-service"): ClusterSnapshot =>
	withViews(snapshots[name]);

const withUdp = (saved: string): string =>
	saved.replace(/^.*-A .* -p tcp .*$/gm, (line) => `${line}\n${line.replaceAll(/ -([pm]) tcp /g, " -$1 udp ")}`);

/** Answers as the nodes' tools would. @param change of what a node prints */
export const dualCluster = (change: (family: Family, saved: string) => string = (_, saved) => saved): Cluster =>
	({
		run: async (runner: Runner, [program = ""]: string[]) => {
			const saved = withUdp(fixture(`${"exec" in runner ? runner.exec.pod : ""}.iptables.txt`));
			const outputs: Record<string, () => string> = {
				nft: () => '{"nftables": []}',
				"iptables-save": () => change("ipv4", saved),
				"ip6tables-save": () => change("ipv6", rulesAsIpv6(saved)),
			};
			return { code: 0, stdout: outputs[program]?.() ?? "", stderr: "" };
		},
		restartProxyCommand: () => ["restart"],
	}) as unknown as Cluster;

export async function dualRulesets(snapshot: ClusterSnapshot): Promise<Map<string, Ruleset>> {
	const read = snapshot.nodes.map(
		async (node) => [node.name, await readRuleset(dualCluster(), snapshot, node)] as const,
	);
	return new Map(await Promise.all(read));
}
