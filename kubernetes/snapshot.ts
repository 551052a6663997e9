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

/** A ready endpoint of the Service. */
export interface Endpoint {
	ip: string;
	port: number;
	node: string;
	pod: string;
}

/** Where a client sends from: a pod's own network, a node's, or outside the cluster. */
export interface Place {
	network: "pod" | "node" | "outside";
	node?: string;
	ip?: string;
}

export interface PlacedClient extends Client {
	place: Place;
}

/** Everything that a verification reads of the API before it probes. */
export interface ClusterSnapshot {
	clients: PlacedClient[];
	nodes: Node[];
	service: Service;
	endpoints: Endpoint[];
	/** The cluster's own DNS Service, which resolves the Service's name; absent where it has another. */
	dns?: { clusterIp: string; endpoints: Endpoint[] };
	/** Why the API may not be up to date yet, as after a restart; empty: it is. */
	unsettled: string[];
	/** The kube-proxy pod of each node that has one: where its rules can be read with the tools that wrote them. */
	kubeProxies: Map<string, Runner>;
	/** By node, where its rules are read if it runs no kube-proxy pod. */
	otherReaders?: Map<string, Runner> | undefined;
	/** Whether the nodes' addresses and routes are not those that kind's CNI makes, and so not foretold. */
	foreignNetwork?: boolean;
}
