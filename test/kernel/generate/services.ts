/** Random Services with their endpoints, as kube-proxy sees them on one node. */
import type { Family, Protocol } from "../../../netfilter/model.ts";
import type { ServicePort } from "../../../netfilter/service.ts";
import { addresses, families } from "../machine/network.ts";
import type { Draw } from "./draw.ts";

export interface RandomService extends ServicePort {
	protocol: Protocol & ("tcp" | "udp");
	clusterIp: string;
	port: number;
	nodePort?: number;
	externalIp?: string;
	/** Sources that the load balancer allows; empty: all. */
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

/**
 * The chains of a Service that kube-proxy writes: those that a rule leads to (pkg/proxy/serviceport.go, and the
 * proxier.go of both modes).
 */
export function usedChains(service: RandomService) {
	const { nodePort, externalIp, loadBalancer, endpoints, internalTrafficPolicy, externalTrafficPolicy } = service;
	const isExternal = nodePort !== undefined || externalIp !== undefined || loadBalancer !== undefined;
	const some = endpoints.length > 0;
	const here = endpoints.some(({ local }) => local);
	return {
		cluster: some && (internalTrafficPolicy === "Cluster" || isExternal),
		local: here && (internalTrafficPolicy === "Local" || (externalTrafficPolicy === "Local" && isExternal)),
		external: some && isExternal,
		firewall: (loadBalancer?.sourceRanges.length ?? 0) > 0,
		/** Whether the policy leaves endpoints to traffic from inside the cluster, and to traffic from outside. */
		servesInside: internalTrafficPolicy === "Local" ? here : some,
		servesOutside: externalTrafficPolicy === "Local" ? here : some,
	};
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
			protocol: draw.pick(["tcp", "udp"]),
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

/**
 * The IPv4 Services of a large cluster. Every fourth has a nodePort, so that 10,000 Services fit into the default range of
 * 2,768; the last one has a nodePort if the count is a multiple of four.
 */
export function manyServices(draw: Draw, count: number): RandomService[] {
	let pods = 0;
	return Array.from({ length: count }, (_, index) => ({
		namespace: `namespace-${index % 50}`,
		name: `service-${index}`,
		portName: "http",
		protocol: "tcp",
		clusterIp: addressAt("10.96.1.0", index),
		port: 80,
		...(index % 4 === 3 && { nodePort: 30_000 + Math.floor(index / 4) }),
		externalTrafficPolicy: "Cluster",
		internalTrafficPolicy: "Cluster",
		affinity: false,
		endpoints: Array.from({ length: draw.pick([1, 1, 1, 1, 2]) }, () => ({
			address: addressAt("10.244.4.0", pods++),
			port: 8080,
			local: false,
		})),
	}));
}

/** The address this many after the first. */
function addressAt(first: string, index: number): string {
	const value = first.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0) + index;
	return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
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
	return draw.some([nodeCidr, localPodCidr, ...outside.map((one) => `${one}/${families[family].bits}`)], 0, 2);
}
