/** The objects of a cluster that concern one Service, read once. */
import type { Client, ClientGroup, Existing, Runner } from "./clients.ts";
import type { Node, Service } from "./model.ts";

/** Which objects a snapshot contains. */
export interface SnapshotScope {
	service: { namespace: string; name: string };
	/** The Deployment behind the Service. */
	echo: { deployment: string };
	clients: (Client | ClientGroup)[];
	/** Only for a cluster that the lab didn't create. */
	existing?: Existing | undefined;
}

/** An endpoint of the Service that may serve: it is ready, or it still serves while it terminates. */
export interface Endpoint {
	ip: string;
	port: number;
	node: string;
	pod: string;
	/** Its pod terminates, so it isn't ready; kube-proxy uses it only in place of ready ones. */
	terminating?: true;
}

export const isReadyEndpoint = ({ terminating }: Endpoint): boolean => !terminating;

/** Where a client sends from: a pod's network, a node's network, or outside the cluster. */
export interface Place {
	network: "pod" | "node" | "outside";
	node?: string;
	ip?: string;
	/** Its addresses of all families; `ip` is the first one. */
	ips?: string[];
}

export interface PlacedClient extends Client {
	place: Place;
}

/** What a verification reads from the API before it sends requests. */
export interface ClusterSnapshot {
	clients: PlacedClient[];
	nodes: Node[];
	service: Service;
	endpoints: Endpoint[];
	/** The cluster's DNS Service; absent if it isn't called kube-dns. */
	dns?: { clusterIp: string; endpoints: Endpoint[] };
	/** Why the API may not be up to date yet, as after a restart; empty if it is. */
	unsettled: string[];
	/** By node, its kube-proxy pod: its rules are read there with the tools that wrote them. */
	kubeProxies: Map<string, Runner>;
	/** By node, the pod in which its rules are read if it runs no kube-proxy pod. */
	otherReaders?: Map<string, Runner> | undefined;
	/** Whether another network plugin than kind's sets addresses and routes, so that they can't be predicted. */
	foreignNetwork?: boolean;
}
