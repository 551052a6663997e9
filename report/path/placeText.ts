/** Where a client is, in words. */

/** As reports and snapshots have it. */
export interface ClientPlace {
	network: "pod" | "node" | "outside";
	node?: string | undefined;
	ip?: string | undefined;
}

/** "10.244.1.2 on nodeport-worker3", "172.18.0.6 outside the cluster" or "172.18.0.3, a process of the node" */
export function placeText({ network, node, ip = "unknown address" }: ClientPlace): string {
	if (network === "outside") return `${ip} outside the cluster`;
	return network === "node" ? `${ip}, a process of the node` : `${ip} on ${node}`;
}

/** "dnsutils (10.244.1.2 on nodeport-worker3)"; a client that is named by its address: "198.51.100.7 (outside the cluster)" */
export function placedClient(name: string, place: ClientPlace): string {
	const where = placeText(place);
	return `${name} (${name === place.ip ? where.slice(name.length).replace(/^,? /, "") : where})`;
}
