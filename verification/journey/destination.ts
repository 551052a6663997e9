/** The destination of a packet, and as a user writes it. */
import type { ClusterSnapshot } from "../../kubernetes/snapshot.ts";
import { parseAddress } from "../../netfilter/address.ts";
import type { Family, Protocol } from "../../netfilter/model.ts";

export interface Destination {
	address: string;
	port: number;
	/** @default "tcp" */
	protocol?: Protocol;
	/** The node by which a client's packet from outside arrives, if the address isn't a node's. */
	entry?: string;
}

export const destinationForms =
	"<node>, <node>:<port>, clusterIp, serviceDns, <IP address>:<port> or <name of the Service>:<port>";

/**
 * "nodeport-worker" (its nodePort) or another name of a target in the matrix, "nodeport-worker:30040",
 * "127.0.0.1:30040", "[fd00::9]:8080", or a DNS name of the Service with a port ("nodeport-service:8080",
 * "nodeport-service.default.svc.cluster.local:8080").
 * @returns with the protocol of the snapshot's view; undefined for any other text
 */
export function parseDestination(snapshot: ClusterSnapshot, text: string): Destination | undefined {
	const { nodes, service, protocol } = snapshot;
	const node = nodes.find(({ name }) => name === text);
	if (node) return { address: node.internalIp, port: service.nodePort, protocol };
	if (text === "clusterIp" || text === "serviceDns")
		return { address: service.clusterIp, port: service.port, protocol };
	const { host, port } = hostAndPort(text) ?? {};
	const address = host && addressOf(snapshot, host);
	return address && port ? { address, port, protocol } : undefined;
}

/** The family of a destination with an IP address; undefined: it has a name, which may have addresses of both families. */
export const familyIn = (text: string): Family | undefined => parseAddress(hostAndPort(text)?.host ?? "")?.kind();

/** "192.0.2.11:30080", "[fd00::9]:8080" or "name:80", with a port from 1 to 65535. */
export function hostAndPort(text: string): { host: string; port: number } | undefined {
	const [, bracketed, plain = "", digits = ""] = text.match(/^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/) ?? [];
	const port = Number(digits);
	return port > 0 && port < 65_536 ? { host: bracketed ?? plain, port } : undefined;
}

/** The destination of a request to an address of the snapshot. */
export function destinationOf(snapshot: ClusterSnapshot, address: string): Destination {
	const destination = parseDestination(snapshot, address);
	if (!destination) throw new Error(`${address} isn't an address of the lab`);
	return destination;
}

function addressOf({ nodes, service }: ClusterSnapshot, host: string): string | undefined {
	const { name, namespace, dnsName, clusterIp } = service;
	if ([name, `${name}.${namespace}`, `${name}.${namespace}.svc`, dnsName].includes(host)) return clusterIp;
	return nodes.find(({ name }) => name === host)?.internalIp ?? parseAddress(host)?.toString();
}
