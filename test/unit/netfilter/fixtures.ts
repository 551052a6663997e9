/** The rules that a real kube-proxy wrote, the node that it ran on, and packets that meet them. */
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import type { NodeNetwork, Packet, Path } from "../../../netfilter/model.ts";

const folder = new URL("../../fixtures/rules/", import.meta.url);

export const fixture = (name: string): string => readFileSync(new URL(name, folder), "utf8");

/** Names of all captured fixtures that end so. */
export const captured = (ending: string): string[] =>
	readdirSync(new URL("captured/", folder))
		.filter((name) => name.endsWith(ending))
		.map((name) => `captured/${name}`);

/** nodeport-worker3, as capture.sh and trace.sh make it. */
export const worker3: NodeNetwork = {
	node: "nodeport-worker3",
	localAddresses: ["172.18.0.4", "10.244.3.1", "127.0.0.1", "fc00:f853:ccd:e793::4", "fd00:10:244:3::1", "::1"],
	routes: [
		{ destination: "0.0.0.0/0", interface: "eth0", source: "172.18.0.4" },
		{ destination: "10.244.3.0/24", interface: "veth0", source: "10.244.3.1" },
		{ destination: "::/0", interface: "eth0", source: "fc00:f853:ccd:e793::4" },
		{ destination: "fd00:10:244:3::/64", interface: "veth0", source: "fd00:10:244:3::1" },
	],
};

type Changes = Partial<Packet>;

/** The first packet of a connection to this node's nodePort of default/nodeport-service, from a pod of this node. */
export const fromPod = (changes: Changes = {}): Packet => ({
	family: "ipv4",
	protocol: "tcp",
	source: "10.244.3.50",
	sourcePort: 40000,
	destination: "172.18.0.4",
	destinationPort: 30040,
	inInterface: "veth0",
	mark: 0,
	ctstate: "NEW",
	...changes,
});

export const fromOutside = (changes: Changes = {}): Packet =>
	fromPod({ source: "172.18.0.1", inInterface: "eth0", ...changes });

/** A process of this node sends it. */
export function fromNode(changes: Changes = {}): Packet {
	const { inInterface: _, ...packet } = fromPod({ source: "172.18.0.4", ...changes });
	return packet;
}

/** A path in short: how it ends, and each hop as "table chain: effect to". */
export function summary({ outcome, endpoint, hops }: Path): string[] {
	const end = endpoint ? `${outcome} ${endpoint.address} ${endpoint.port}` : outcome;
	return [
		end,
		...hops.map(({ table, chain, effect, to }) => `${table} ${chain}: ${effect}${to === undefined ? "" : ` ${to}`}`),
	];
}

/** The one path that there must be. */
export function only(paths: Path[]): Path {
	expect(paths).toHaveLength(1);
	return paths[0] ?? expect.fail("there is a path");
}
