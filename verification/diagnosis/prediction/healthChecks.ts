/** A load balancer's requests to each node's healthCheckNodePort, where kube-proxy itself answers. */
import { isReadyEndpoint } from "../../../kubernetes/snapshot.ts";
import { withPort } from "../../../netfilter/address.ts";
import { journeyOf } from "../../journey/journey.ts";
import type { Ruleset } from "../../ruleset.ts";
import type { ServiceView } from "../serviceViews.ts";
import { outsideClient } from "./predictedClients.ts";
import { endsOf, type PredictedRequest } from "./prediction.ts";

/**
 * kube-proxy answers 200 on a node with a ready endpoint of any port, and 503 on others
 * (pkg/proxy/healthcheck/service_health.go).
 * @param views all ports of one family
 */
export function healthCheckRequests(
	port: number,
	views: readonly ServiceView[],
	rulesets: ReadonlyMap<string, Ruleset>,
	outsideIp: string | undefined,
): PredictedRequest[] {
	const [view] = views;
	if (!view) return [];
	const { place, ...client } = outsideClient(view.family, outsideIp);
	return view.snapshot.nodes.map(({ name, internalIp }) => {
		const readyEndpoints = readyOn(name, views);
		const branches = journeyOf(view.snapshot, rulesets, place, { address: internalIp, port });
		const answer = readyEndpoints > 0 ? ("ok" as const) : ("http" as const);
		const ends = endsOf(view, branches).map((one) => (one.end.kind === "node" ? { ...one, outcome: answer } : one));
		const target = {
			kind: "healthCheck" as const,
			protocol: "tcp" as const,
			address: withPort(internalIp, port),
			node: name,
			readyEndpoints,
		};
		return { prediction: { client, target, ends }, view, branches };
	});
}

function readyOn(name: string, views: readonly ServiceView[]): number {
	const ready = views.flatMap(({ snapshot }) => snapshot.endpoints.filter(isReadyEndpoint));
	return new Set(ready.filter(({ node }) => node === name).map(({ ip }) => ip)).size;
}
