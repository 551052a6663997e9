/** The exercises: each breaks the lab in one place. Their names are symptoms, so that they don't give the cause away. */
import type { Node } from "../../kubernetes/model.ts";
import { serviceChains as iptablesChains } from "../../netfilter/iptables/iptablesChainNames.ts";
import { serviceChains as nftablesChains } from "../../netfilter/nftables/nftablesChainNames.ts";
import type { LabSnapshot } from "../experiments/support/labSnapshot.ts";
import type { Fault, FaultKind } from "./model.ts";
import { entryOf } from "./requests.ts";

export interface Exercise {
	name: string;
	fault: FaultKind;
	/** How many workers the lab needs. */
	workers: number;
}

export const exercises: readonly Exercise[] = [
	{ name: "silent-everywhere", fault: "targetPort", workers: 1 },
	{ name: "silent-port", fault: "firewallRule", workers: 1 },
	{ name: "silent-nodes", fault: "localPolicy", workers: 1 },
	{ name: "refusing-node", fault: "flushedChain", workers: 1 },
	{ name: "silent-node", fault: "stoppedNode", workers: 3 },
];

/** A port on which the echo doesn't listen. */
const wrongPort = (port: number): number => (port < 60_000 ? port + 10 : port - 10);

/** @throws if the lab has no node or Service for it */
export async function planFault(kind: FaultKind, snapshot: LabSnapshot): Promise<Fault> {
	const { service } = snapshot.objects;
	switch (kind) {
		case "stoppedNode":
			return { kind, node: idleWorker(snapshot).name };
		case "localPolicy":
			return { kind, before: service.externalTrafficPolicy };
		case "targetPort": {
			const before = await targetPortOf(snapshot);
			return { kind, before, port: wrongPort(snapshot.objects.endpoints[0]?.port ?? service.port) };
		}
		case "firewallRule":
			return { kind, node: entryOf(snapshot).name, port: service.nodePort };
		case "flushedChain":
			return { kind, node: entryOf(snapshot).name, ...serviceChain(snapshot) };
	}
}

/** A worker without a pod of the lab and, if possible, without a DNS pod. */
function idleWorker({ inside, objects, workers }: LabSnapshot): Node {
	const busy = [inside.place.node, ...objects.endpoints.map(({ node }) => node)];
	const resolvers = (objects.dns?.endpoints ?? []).map(({ node }) => node);
	const idle = workers.filter(({ name }) => !busy.includes(name));
	const node = idle.find(({ name }) => !resolvers.includes(name)) ?? idle[0];
	if (!node) throw new Error("every worker runs a pod of the lab: none can be stopped");
	return node;
}

async function targetPortOf({ cluster, objects: { service } }: LabSnapshot): Promise<number | string> {
	const { namespace, name, port } = service;
	const { spec } = await cluster.core.readNamespacedService({ namespace, name });
	return spec?.ports?.[0]?.targetPort ?? port;
}

/** The chain that chooses an endpoint of the Service. */
function serviceChain({ objects: { service }, proxyMode }: LabSnapshot) {
	const port = { ...service, protocol: "tcp" as const };
	if (proxyMode === "iptables") return { proxyMode, chain: iptablesChains(port).service };
	const chain = nftablesChains(port).find((name) => name.startsWith("service-"));
	if (proxyMode === "nftables" && chain !== undefined) return { proxyMode, chain };
	throw new Error("kube-proxy's rules couldn't be read; fix: npm run verify");
}
