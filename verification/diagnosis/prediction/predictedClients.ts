/** One client of each kind, to predict its requests. */
import ipaddr from "ipaddr.js";
import type { Place } from "../../../kubernetes/snapshot.ts";
import { parseAddress, parseRange } from "../../../netfilter/address.ts";
import type { Family } from "../../../netfilter/model.ts";
import type { Ruleset } from "../../ruleset.ts";
import type { ServiceView } from "../serviceViews.ts";
import type { ClientKind, PredictedClient } from "./predictedRequest.ts";

/** Addresses for documentation (RFC 5737, RFC 3849): session affinity and lists of blocked addresses contain none of them. */
export const exampleClients = { ipv4: "198.51.100.7", ipv6: "2001:db8:100::7" };

export type Client = PredictedClient & { place: Place };

/** @param ip what the user named @default an example, also for the other family */
export function outsideClient(family: Family, ip: string | undefined): Client {
	const isNamed = ip !== undefined && parseAddress(ip)?.kind() === family;
	const address = isNamed ? ip : exampleClients[family];
	return {
		kind: "outside",
		address,
		...(!isNamed && { isExample: true as const }),
		place: { network: "outside", ip: address },
	};
}

/**
 * On nodes whose rules are known.
 * @param knownPods addresses of pods by node, for network plugins that don't take them from the node's podCIDR
 */
export function clientsOf(
	{ snapshot: { nodes, endpoints } }: ServiceView,
	rulesets: ReadonlyMap<string, Ruleset>,
	knownPods: ReadonlyMap<string, string[]>,
	outside: Client,
): Client[] {
	const known = nodes.filter(({ name }) => rulesets.has(name));
	const endpoint = endpoints.find(({ node }) => known.some(({ name }) => name === node));
	const own = known.find(({ name }) => name === endpoint?.node);
	const workersFirst = known.toSorted((a, b) => Number(b.role === "worker") - Number(a.role === "worker"));
	const other =
		workersFirst.find(({ name }) => !endpoints.some(({ node }) => node === name)) ??
		workersFirst.find((node) => node !== own);
	const podOn = (kind: ClientKind, node: (typeof nodes)[number] | undefined): Client[] => {
		const address =
			node &&
			podAddress(
				node,
				endpoints.map(({ ip }) => ip),
				knownPods.get(node.name) ?? [],
			);
		if (!node || address === undefined) return [];
		return [{ kind, node: node.name, address, place: { network: "pod", node: node.name, ip: address } }];
	};
	const isNodes = (ip: string) => nodes.some(({ internalIp }) => internalIp === ip);
	const process = other ?? own;
	const onNode = (kind: ClientKind, ownAddress?: string): Client[] => {
		if (!process) return [];
		const { name: node, internalIp: ip } = process;
		return [{ kind, node, address: ownAddress ?? ip, place: { network: "node", node, ip } }];
	};
	return [
		outside,
		...podOn("podOnEndpointNode", own),
		...podOn("podOnOtherNode", other),
		...(endpoint
			? [
					{
						kind: "endpoint" as const,
						node: endpoint.node,
						address: endpoint.ip,
						...(endpoint.pod !== "" && { pod: endpoint.pod }),
						// A pod in its node's network sends as the node's processes do.
						place: { network: isNodes(endpoint.ip) ? "node" : "pod", node: endpoint.node, ip: endpoint.ip } as const,
					},
				]
			: []),
		...onNode("nodeProcess"),
		...onNode("loopback", "127.0.0.1"),
	];
}

/** The address of a pod on the node that isn't an endpoint; else one of the node's podCIDR. */
function podAddress(
	node: { podCidr: string },
	endpoints: readonly string[],
	known: readonly string[],
): string | undefined {
	const pod = known.find((ip) => !endpoints.includes(ip));
	if (pod !== undefined) return pod;
	const range = parseRange(node.podCidr);
	if (!range || !("network" in range)) return undefined;
	const bytes = range.network.toByteArray();
	const hostBits = bytes.length * 8 - range.bits;
	if (hostBits < 2) return undefined;
	// In the middle of the range: plugins assign addresses from its start.
	bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | (1 << (Math.min(hostBits, 8) - 1));
	const text = ipaddr.fromByteArray(bytes).toString();
	return endpoints.includes(text) ? undefined : text;
}
