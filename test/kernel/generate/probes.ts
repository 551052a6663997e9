/** Random packets to the Services and to similar addresses, from everywhere. */
import type { Family } from "../../../netfilter/model.ts";
import { addresses, type Side } from "../machine/network.ts";
import type { Probe } from "../machine/packets.ts";
import type { Draw } from "./draw.ts";
import type { RandomService } from "./services.ts";

/** @param count at most 65,535, because each packet has its own number */
export function randomProbes(draw: Draw, family: Family, services: readonly RandomService[], count: number): Probe[] {
	return Array.from({ length: count }, (_, index) => randomProbe(draw, family, services, index + 1));
}

function randomProbe(draw: Draw, family: Family, services: readonly RandomService[], tag: number): Probe {
	const service = draw.pick(services);
	const { node, gateway, loopback, outside, localPods, remotePods, clusterIps } = addresses[family];
	const side: Side = draw.pick(["eth0", "veth0", "lo"]);
	const targets: [string, number][] = [
		[service.clusterIp, service.port],
		...[service.externalIp, service.loadBalancer?.ip].flatMap((ip): [string, number][] =>
			ip ? [[ip, service.port]] : [],
		),
		...[node, gateway].map((address): [string, number] => [address, service.nodePort ?? 30_040]),
		...(side === "lo" ? [[loopback, service.nodePort ?? 30_040] as [string, number]] : []),
		[draw.pick([...localPods, ...remotePods, ...clusterIps, ...outside]), draw.pick([80, 8080, 30_040])],
		...service.endpoints.slice(0, 1).map(({ address, port }): [string, number] => [address, port]),
	];
	const [destination, destinationPort] = draw.pick(targets);
	const sources: Record<Side, string[]> = { eth0: [...outside, ...remotePods], veth0: localPods, lo: [node, gateway] };
	const source = destination === loopback ? loopback : draw.pick(sources[side]);
	const protocol = draw.chance(0.9) ? service.protocol : draw.pick(["tcp", "udp"] as const);
	return {
		side,
		tag,
		packet: {
			family,
			protocol,
			source,
			// Different for each packet of a batch, so that each is its own connection.
			sourcePort: 20_000 + tag,
			destination,
			destinationPort,
			...(side !== "lo" && { inInterface: side }),
			mark: 0,
			// A RST without a connection, which conntrack classes as invalid.
			ctstate: protocol === "tcp" && draw.chance(0.05) ? "INVALID" : "NEW",
		},
	};
}
