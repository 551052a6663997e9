/** Clients and targets of predicted requests in words. */
import type { PredictedClient, PredictedTarget } from "../../verification/diagnosis/prediction/predictedRequest.ts";
import { withProtocol } from "../views/viewText.ts";

const kinds: Record<PredictedClient["kind"], string> = {
	outside: "outside the cluster",
	podOnEndpointNode: "pod on the endpoint's node",
	podOnOtherNode: "pod on another node",
	endpoint: "the endpoint itself",
	nodeProcess: "process on a node",
	loopback: "a node's loopback",
};

/** "pod on another node (worker-2)" */
export const clientName = ({ kind, node, address }: PredictedClient): string =>
	`${kinds[kind]} (${node ?? address ?? "any address"})`;

/** "worker-1 192.0.2.11:30080/udp", "ClusterIP 10.96.0.50:80" */
export function targetName({ kind, address, node, protocol }: PredictedTarget): string {
	const to = withProtocol(address, protocol);
	switch (kind) {
		case "nodePort":
			return node === undefined ? to : `${node} ${to}`;
		case "healthCheck":
			return `health check of ${node} ${address}`;
		case "clusterIp":
			return `ClusterIP ${to}`;
		case "externalIp":
		case "loadBalancer": {
			const name = kind === "externalIp" ? "external IP" : "load balancer";
			return `${name} ${to}${node === undefined ? "" : ` through ${node}`}`;
		}
	}
}
