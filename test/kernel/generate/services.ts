/** Random Services with their endpoints, as kube-proxy sees them on one node. */
import type { Family, Protocol } from "../../../verification/model.ts";
import type { ServicePort } from "../../../verification/rules/service.ts";
import { addresses } from "../network.ts";
import type { Draw } from "./draw.ts";

export interface RandomService extends ServicePort {
	protocol: Protocol & ("tcp" | "udp");
	clusterIp: string;
	port: number;
	nodePort?: number;
	externalIp?: string;
	/** Sources that the load balancer allows; none: all. */
	loadBalancer?: { ip: string; sourceRanges: string[] };
	externalTrafficPolicy: "Cluster" | "Local";
	internalTrafficPolicy: "Cluster" | "Local";
	affinity: boolean;
	endpoints: Endpoint[];
}

export interface Endpoint {
	address: string;
	port: number;
	/** On this node. */
	local: boolean;
}

export function randomServices(draw: Draw, family: Family): RandomService[] {
	const { clusterIps, externalIps } = addresses[family];
	const balanced = draw.shuffled(externalIps);
	const nodePorts = draw.shuffled([30_040, 30_041, 31_000, 32_767]);
	return draw.some(clusterIps, 2, 4).map((clusterIp, index) => {
		const external = balanced[index];
		const asBalancer = draw.chance(0.5);
		return {
			namespace: draw.pick(["default", "kube-system"]),
			name: `service-${index}`,
			portName: draw.pick(["", "web", "dns"]),
			protocol: draw.pick(["tcp", "tcp", "udp"]),
			clusterIp,
			port: draw.pick([53, 80, 443, 8080]),
			...(draw.chance(0.8) && { nodePort: nodePorts[index] ?? 30_040 }),
			...(external && !asBalancer && { externalIp: external }),
			...(external && asBalancer && { loadBalancer: { ip: external, sourceRanges: ranges(draw, family) } }),
			externalTrafficPolicy: draw.pick(["Cluster", "Local"]),
			internalTrafficPolicy: draw.pick(["Cluster", "Cluster", "Local"]),
			affinity: draw.chance(0.25),
			endpoints: endpoints(draw, family),
		};
	});
}

function endpoints(draw: Draw, family: Family): Endpoint[] {
	const { localPods, remotePods, node } = addresses[family];
	const port = draw.pick([53, 8080, 9153]);
	const pods = draw
		.some([...localPods, ...remotePods], 0, 4)
		.map((address) => ({ address, port, local: localPods.includes(address) }));
	return draw.chance(0.1) ? [{ address: node, port: 6443, local: true }] : pods;
}

function ranges(draw: Draw, family: Family): string[] {
	const { nodeCidr, localPodCidr, outside } = addresses[family];
	return draw.some([nodeCidr, localPodCidr, ...outside.map((one) => `${one}/${family === "ipv4" ? 32 : 128}`)], 0, 2);
}
