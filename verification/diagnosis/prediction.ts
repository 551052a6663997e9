/** Predicts who answers each kind of client on each address of the Service, from the rules of the nodes. */
import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Place } from "../../kubernetes/snapshot.ts";
import { parseAddress, parseRange, withPort } from "../../netfilter/address.ts";
import { Hop, Protocol } from "../../netfilter/model.ts";
import { type Branch, type Destination, journeyOf, outcomeOf } from "../journey/journey.ts";
import { End } from "../journey/model.ts";
import { Outcome } from "../model.ts";
import type { Ruleset } from "../ruleset.ts";
import { ownerOf, RuleOwner } from "./findings/rules/ruleOwner.ts";
import type { ServiceView } from "./serviceViews.ts";

export const ClientKind = z.enum([
	"outside",
	"podOnEndpointNode",
	"podOnOtherNode",
	"endpoint",
	"nodeProcess",
	"loopback",
]);
export type ClientKind = z.infer<typeof ClientKind>;

export const PredictedClient = z.object({
	kind: ClientKind,
	node: z.string().optional(),
	/** Its address; that of a client outside is an example. */
	address: z.string().optional(),
	pod: z.string().optional(),
});
export type PredictedClient = z.infer<typeof PredictedClient>;

export const PredictedTarget = z.object({
	kind: z.enum(["nodePort", "clusterIp", "externalIp", "loadBalancer"]),
	protocol: Protocol,
	/** "host:port" */
	address: z.string(),
	/** The node that the address belongs to, or by which a packet from outside arrives. */
	node: z.string().optional(),
});
export type PredictedTarget = z.infer<typeof PredictedTarget>;

/** The rule that decides how a branch ends. */
export const DecidingRule = Hop.pick({ table: true, chain: true, rule: true }).extend({
	node: z.string(),
	owner: RuleOwner,
});
export type DecidingRule = z.infer<typeof DecidingRule>;

export const PredictedEnd = z.object({
	probability: z.number(),
	/** What the client notices. */
	outcome: Outcome,
	end: End,
	/** The client address that the pod sees is one of this node's, but it isn't known which. */
	clientIpOf: z.string().optional(),
	rule: DecidingRule.optional(),
});
export type PredictedEnd = z.infer<typeof PredictedEnd>;

export const Prediction = z.object({
	client: PredictedClient,
	target: PredictedTarget,
	/** Most probable first; the probabilities add up to 1. */
	ends: z.array(PredictedEnd),
});
export type Prediction = z.infer<typeof Prediction>;

/** A prediction and the journeys that it is based on. */
export interface PredictedRequest {
	prediction: Prediction;
	view: ServiceView;
	branches: Branch[];
}

/** Addresses for documentation (RFC 5737, RFC 3849): session affinity and lists of blocked addresses contain none of them. */
export const exampleClients = { ipv4: "198.51.100.7", ipv6: "2001:db8:100::7" };

type Client = PredictedClient & { place: Place };

/**
 * @param knownPods addresses of pods by node, for network plugins that don't take them from the node's podCIDR
 * @param outsideIp the address of the client outside @default an example, also for the other family
 */
export function predictRequests(
	view: ServiceView,
	rulesets: ReadonlyMap<string, Ruleset>,
	knownPods: ReadonlyMap<string, string[]>,
	outsideIp?: string,
): PredictedRequest[] {
	const isOfFamily = outsideIp !== undefined && parseAddress(outsideIp)?.kind() === view.family;
	const client = isOfFamily ? outsideIp : exampleClients[view.family];
	return clientsOf(view, rulesets, knownPods, client).flatMap(({ place, ...client }) =>
		targetsFor(view, client, rulesets).map(({ target, destination }) => {
			const branches = journeyOf(view.snapshot, rulesets, place, destination);
			return { prediction: { client, target, ends: endsOf(view, branches) }, view, branches };
		}),
	);
}

/** One client of each kind, on nodes whose rules are known. */
function clientsOf(
	{ snapshot: { nodes, endpoints } }: ServiceView,
	rulesets: ReadonlyMap<string, Ruleset>,
	knownPods: ReadonlyMap<string, string[]>,
	outsideIp: string,
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
		{ kind: "outside", address: outsideIp, place: { network: "outside", ip: outsideIp } },
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

interface Aim {
	target: PredictedTarget;
	destination: Destination;
}

function targetsFor(view: ServiceView, client: PredictedClient, rulesets: ReadonlyMap<string, Ruleset>): Aim[] {
	const { snapshot, protocol, port, family } = view;
	const { service, nodes } = snapshot;
	const known = nodes.filter(({ name }) => rulesets.has(name));
	const aim = (kind: PredictedTarget["kind"], address: string, port: number, node?: string, entry?: string): Aim => ({
		target: { kind, protocol, address: withPort(address, port), ...(node !== undefined && { node }) },
		destination: { address, port, protocol, ...(entry !== undefined && { entry }) },
	});
	if (client.kind === "loopback") {
		// IPv6 has no route_localnet: kube-proxy serves nodePorts on 127.0.0.1 only.
		if (service.nodePort === 0 || family === "ipv6") return [];
		return [aim("nodePort", "127.0.0.1", service.nodePort, client.node)];
	}
	const nodePorts =
		service.nodePort === 0
			? []
			: nodes.map(({ name, internalIp }) => aim("nodePort", internalIp, service.nodePort, name));
	// From outside, the network decides by which node a packet to an external address arrives.
	const entries = client.kind === "outside" ? known.map(({ name }) => name) : [undefined];
	const external = (kind: "externalIp" | "loadBalancer", ips: readonly string[]) =>
		ips.flatMap((ip) => entries.map((entry) => aim(kind, ip, port.port, entry, entry)));
	// Nothing routes a ClusterIP from outside.
	const inside =
		client.kind === "outside" || service.clusterIp === "" ? [] : [aim("clusterIp", service.clusterIp, port.port)];
	return [
		...nodePorts,
		...inside,
		...external("externalIp", view.externalIps),
		...external("loadBalancer", view.loadBalancerIps),
	];
}

/** Equal ends are merged. */
function endsOf({ snapshot }: ServiceView, branches: readonly Branch[]): PredictedEnd[] {
	const ends = new Map<string, PredictedEnd>();
	for (const branch of branches) {
		const rule = decidingRule(branch);
		const clientIpOf = snapshot.foreignNetwork ? masqueradingNode(branch) : undefined;
		const { probability, end } = branch;
		const predicted = {
			outcome: outcomeOf(end),
			end,
			...(clientIpOf !== undefined && { clientIpOf }),
			...(rule && { rule }),
		};
		const key = JSON.stringify(predicted);
		const same = ends.get(key);
		if (same) same.probability += probability;
		else ends.set(key, { probability, ...predicted });
	}
	return [...ends.values()].sort((a, b) => b.probability - a.probability);
}

/** The last rule of a branch that ends without an answer from a pod. */
function decidingRule({ legs, end }: Branch): DecidingRule | undefined {
	if (end.kind !== "drop" && end.kind !== "reject" && end.kind !== "unknown") return undefined;
	const leg = legs.at(-1);
	const hop = leg?.path.hops.at(-1);
	if (!leg || !hop || (end.kind === "unknown" && end.reason !== "rule")) return undefined;
	const { table, chain, rule } = hop;
	return { node: leg.node, table, chain, rule, owner: ownerOf(hop) };
}

/** The last node that rewrites the source address of a packet that reaches a pod. */
function masqueradingNode({ legs, end }: Branch): string | undefined {
	if (end.kind !== "pod") return undefined;
	return legs.findLast(({ path }) => path.masqueraded)?.node;
}
