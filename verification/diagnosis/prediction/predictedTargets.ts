/** Where a client's requests go. */
import { withPort } from "../../../netfilter/address.ts";
import type { Destination } from "../../journey/destination.ts";
import type { Ruleset } from "../../ruleset.ts";
import type { ServiceView } from "../serviceViews.ts";
import type { PredictedClient, PredictedTarget } from "./predictedRequest.ts";

export interface Aim {
	target: PredictedTarget;
	destination: Destination;
}

export function targetsFor(view: ServiceView, client: PredictedClient, rulesets: ReadonlyMap<string, Ruleset>): Aim[] {
	const { snapshot, protocol, port, family } = view;
	const { service, nodes } = snapshot;
	const known = nodes.filter(({ name }) => rulesets.has(name));
	const aim = (kind: PredictedTarget["kind"], address: string, port: number, node?: string, entry?: string): Aim => ({
		target: { kind, protocol, address: withPort(address, port), ...(node !== undefined && { node }) },
		destination: { address, port, protocol, ...(entry !== undefined && { entry }) },
	});
	if (client.kind === "loopback") {
		// IPv6 has no route_localnet: kube-proxy serves nodePorts on 127.0.0.1 only.
		if (service.nodePort === 0 || family === "ipv6") return [];
		return [aim("nodePort", "127.0.0.1", service.nodePort, client.node)];
	}
	const nodePorts =
		service.nodePort === 0
			? []
			: nodes.map(({ name, internalIp }) => aim("nodePort", internalIp, service.nodePort, name));
	// From outside, the network decides by which node a packet to an external address arrives.
	const entries = client.kind === "outside" ? known.map(({ name }) => name) : [undefined];
	const external = (kind: "externalIp" | "loadBalancer", ips: readonly string[]) =>
		ips.flatMap((ip) => entries.map((entry) => aim(kind, ip, port.port, entry, entry)));
	// Nothing routes a ClusterIP from outside.
	const inside =
		client.kind === "outside" || service.clusterIp === "" ? [] : [aim("clusterIp", service.clusterIp, port.port)];
	return [
		...nodePorts,
		...inside,
		...external("externalIp", view.externalIps),
		...external("loadBalancer", view.loadBalancerIps),
	];
}
