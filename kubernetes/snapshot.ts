/** The objects of a cluster that concern one Service, read once. */
import type { Family, Protocol } from "../netfilter/model.ts";
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

/** Names a view: the Service as packets of one address family and protocol meet it. */
export interface ViewName {
	family: Family;
	protocol: Protocol;
}

/**
 * What a verification reads from the API before it sends requests, as one view shows it: every single address, range and
 * endpoint is of the view's family, and the port is the one of its protocol.
 */
export interface ClusterSnapshot extends ViewName {
	/** Those that can send such packets. */
	clients: PlacedClient[];
	/** Those with an address of the family. */
	nodes: Node[];
	service: Service;
	endpoints: Endpoint[];
	/** The cluster's DNS Service; absent if it isn't called kube-dns, or has no address of the family. */
	dns?: { clusterIp: string; endpoints: Endpoint[] };
	/** Why the API may not be up to date yet, as after a restart; empty if it is. */
	unsettled: string[];
	/** By node, its kube-proxy pod: its rules are read there with the tools that wrote them. */
	kubeProxies: Map<string, Runner>;
	/** By node, the pod in which its rules are read if it runs no kube-proxy pod. */
	otherReaders?: Map<string, Runner> | undefined;
	/** Whether another network plugin than kind's sets addresses and routes, so that they can't be predicted. */
	foreignNetwork?: boolean;
	/** Only in the first view, which is of the Service's first family and protocol: what else viewsOf returns. */
	otherViews?: ClusterSnapshot[];
}

/** All views of what was read at once, the first one first. @param snapshot the first view */
export const viewsOf = (snapshot: ClusterSnapshot): ClusterSnapshot[] => [snapshot, ...(snapshot.otherViews ?? [])];

/** The view that a target, a trace or a journey names; where it names none, as in older reports, the first one. */
export const viewNamed = (snapshot: ClusterSnapshot, { family, protocol }: PartialViewName): ClusterSnapshot =>
	viewsOf(snapshot).find((view) => view.family === family && view.protocol === protocol) ?? snapshot;

/** As reports have it: of a lab that had only IPv4 and TCP, both fields are absent. */
export type PartialViewName = { [Key in keyof ViewName]?: ViewName[Key] | undefined };

/** Only the view's name, as reports have it. */
export const viewName = ({ family, protocol }: ViewName): ViewName => ({ family, protocol });
