/** To which endpoints a node's rules must lead a request, by the API objects. */
import type { Endpoint, Place } from "../../../../kubernetes/snapshot.ts";
import { eligibleEndpoints } from "../../../judgement/predict.ts";
import type { Target } from "../../../model.ts";
import type { PredictedClient } from "../../prediction/predictedRequest.ts";
import type { PredictedRequest } from "../../prediction/prediction.ts";

/** The endpoints that may answer. */
export function expectedEndpoints({ prediction: { client, target }, view }: PredictedRequest): Endpoint[] {
	const { snapshot, isInternalLocal } = view;
	const isConfined = isInternalLocal && target.kind === "clusterIp";
	const endpoints = isConfined ? snapshot.endpoints.filter(({ node }) => node === client.node) : snapshot.endpoints;
	// External addresses are served as nodePorts are.
	const kind: Target["kind"] = target.kind === "clusterIp" ? "clusterIp" : "nodePort";
	const { address, node } = target;
	return eligibleEndpoints({ ...snapshot, endpoints }, placeOf(client), {
		kind,
		address,
		...(node !== undefined && { node }),
	});
}

function placeOf({ kind, node }: PredictedClient): Place {
	if (kind === "outside") return { network: "outside" };
	const network = kind === "nodeProcess" || kind === "loopback" ? "node" : "pod";
	return { network, ...(node !== undefined && { node }) };
}

/** Whether the node may drop the request because a traffic policy is Local and it has no endpoint. */
export function isLocalOnly({ view }: PredictedRequest, node: string): boolean {
	const { service, endpoints } = view.snapshot;
	const hasPolicy = view.isInternalLocal || service.externalTrafficPolicy === "Local";
	return hasPolicy && !endpoints.some((endpoint) => endpoint.node === node);
}

/** Whether correct rules may lead the request to only some of the expected endpoints. */
export function mayBePart({ prediction: { client, target }, view }: PredictedRequest): boolean {
	const { sessionAffinity, externalTrafficPolicy } = view.snapshot.service;
	// A remembered client gets the endpoint that it had.
	if (sessionAffinity === "ClientIP" || view.hasHints) return true;
	// Without clusterCIDR, kube-proxy doesn't recognize clients inside the cluster: to it they come from outside.
	return client.kind !== "outside" && target.kind !== "clusterIp" && externalTrafficPolicy === "Local";
}
