/** A packet's whole way, from its client over the rules of every node that it passes to who receives it. */

import type { Node } from "../../kubernetes/model.ts";
import type { ClusterSnapshot, Place } from "../../kubernetes/snapshot.ts";
import { Network, parseAddress, parseRange, contains as rangeContains } from "../../netfilter/address.ts";
import type { Packet, Path } from "../../netfilter/model.ts";
import { messageOf } from "../../netfilter/rejection.ts";
import { podSideAddress } from "../judgement/predict.ts";
import type { Observed, Outcome } from "../model.ts";
import type { Ruleset } from "../ruleset.ts";
import { networkOf } from "./nodeNetwork.ts";

/** What one node's rules do with the packet. */
export interface Leg {
	node: string;
	/** As the node's netfilter first meets it. Its source port is left out once something may have changed it. */
	packet: Packet;
	path: Path;
}

/** How a packet's way ends. */
export type End =
	/** It reaches a pod, one of the Service's endpoints or not. */
	| { kind: "pod"; node: string; address: string; port: number; clientIp: string }
	/** It is for a node itself, and no rule has sent it on: a process answers that listens there, if there is one. */
	| { kind: "node"; node: string; address: string; port: number; clientIp: string }
	| { kind: "reject"; node: string; with: string }
	| { kind: "drop"; node: string }
	/** It stays in the client's own network namespace, a pod's or an outside machine's, where no node has a say. */
	| { kind: "loopback" }
	/** It is for an address that belongs to no node and no pod of the cluster. */
	| { kind: "away"; address: string }
	| { kind: "unknown"; node: string; reason: string };

/** One way that the packet may take; the probabilities of all of them add up to 1. */
export interface Journey {
	probability: number;
	legs: Leg[];
	end: End;
}

export interface Destination {
	address: string;
	port: number;
}

/** No packet of the lab passes more nodes than its client's, the one that it enters by, and the pod's. */
const mostLegs = 8;

/**
 * All ways of a client's first packet to a destination.
 * @param rulesets by node; a node without one makes the ways over it end in "unknown"
 * @param sourcePort where the client has chosen it
 */
export function journeys(
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	client: Place,
	destination: Destination,
	sourcePort?: number,
): Journey[] {
	const travel = new Travel(snapshot, rulesets);
	const sent = { ...destination, ...(sourcePort !== undefined && { sourcePort }) };
	if (client.network === "outside") return travel.fromOutside(client, sent);
	const node = snapshot.nodes.find(({ name }) => name === client.node);
	if (!node)
		return ended({ kind: "unknown", node: client.node ?? "", reason: "the client's node is none of the cluster's" });
	if (client.network === "node") return travel.over(node, packetOf(sent, processSource(node, destination.address)));
	if (isLoopback(destination.address)) return ended({ kind: "loopback" });
	return travel.over(node, { ...packetOf(sent, client.ip ?? ""), received: true });
}

/** What the client sees of it. */
export const outcomeOf = (end: End): Outcome =>
	end.kind === "reject" && messageOf(end.with) !== "connection refused" ? "other" : outcomes[end.kind];

/** Where a node itself receives a packet of the lab's, nothing listens there. */
const outcomes: Record<End["kind"], Outcome> = {
	pod: "ok",
	node: "refused",
	reject: "refused",
	loopback: "refused",
	drop: "timeout",
	away: "other",
	unknown: "other",
};

/** What the client would see of a way that ends so. */
export function observationOf(end: End): Observed {
	const outcome = outcomeOf(end);
	if (end.kind !== "pod") return { outcome };
	return { outcome, podIp: end.address, node: end.node, clientIp: end.clientIp };
}

const ended = (end: End, legs: Leg[] = []): Journey[] => [{ probability: 1, legs, end }];

const isLoopback = (address: string): boolean => parseAddress(address)?.range() === "loopback";

function packetOf({ address, port, sourcePort }: Destination & { sourcePort?: number }, source: string): Packet {
	return {
		family: parseAddress(address)?.kind() ?? "ipv4",
		protocol: "tcp",
		source,
		...(sourcePort !== undefined && { sourcePort }),
		destination: address,
		destinationPort: port,
		mark: 0,
		ctstate: "NEW",
	};
}

/** The source that the kernel gives what a node's own process sends: towards itself, the address that it sends to. */
function processSource(node: Node, destination: string): string {
	const network = new Network(networkOf(node));
	const address = parseAddress(destination);
	if (!address || network.isLocal(address)) return destination;
	return network.sourcesTowards(address)[0]?.toString() ?? node.internalIp;
}

class Travel {
	private readonly snapshot: ClusterSnapshot;
	private readonly rulesets: ReadonlyMap<string, Ruleset>;

	constructor(snapshot: ClusterSnapshot, rulesets: ReadonlyMap<string, Ruleset>) {
		this.snapshot = snapshot;
		this.rulesets = rulesets;
	}

	/** From the nodes' network only the nodes' own addresses are routed. */
	fromOutside({ ip }: Place, sent: Destination & { sourcePort?: number }): Journey[] {
		const node = this.snapshot.nodes.find(({ internalIp }) => internalIp === sent.address);
		if (isLoopback(sent.address)) return ended({ kind: "loopback" });
		if (!node) return ended({ kind: "away", address: sent.address });
		if (ip === undefined) {
			return ended({ kind: "unknown", node: node.name, reason: "the address of the client outside is not known" });
		}
		return this.over(node, { ...packetOf(sent, ip), received: true });
	}

	/** The packet's ways from where it meets the node's netfilter. */
	over(node: Node, packet: Packet, before: Leg[] = []): Journey[] {
		const ruleset = this.rulesets.get(node.name);
		const ends = (reason: string) => ended({ kind: "unknown", node: node.name, reason }, before);
		if (!ruleset) return ends(`the rules of ${node.name} could not be read`);
		if (before.length >= mostLegs) return ends("it goes from node to node in a circle");
		return ruleset.walk(packet).flatMap((path) => {
			const legs = [...before, { node: node.name, packet, path }];
			const onward = this.after(node, packet, path, legs);
			return onward.map((journey) => ({ ...journey, probability: journey.probability * path.probability }));
		});
	}

	private after(node: Node, packet: Packet, path: Path, legs: Leg[]): Journey[] {
		const finished = (end: End) => ended(end, legs);
		const { name } = node;
		if (path.outcome === "drop") return finished({ kind: "drop", node: name });
		if (path.outcome === "reject") return finished({ kind: "reject", node: name, with: path.rejectedWith ?? "" });
		const unknown = (reason: string) => finished({ kind: "unknown", node: name, reason });
		if (path.outcome === "unknown") return unknown(path.hops.at(-1)?.text ?? "");
		const { address, port } = path.endpoint ?? { address: packet.destination, port: packet.destinationPort };
		const holder = this.holderOf(address, node);
		if (!holder) return finished({ kind: "away", address });
		const { clientIp } = path;
		if (clientIp === undefined) return unknown(`the source address that it leaves ${name} with is not known`);
		if (holder.node !== node) {
			const { sourcePort, ...onward } = { ...packet, source: clientIp, destination: address, destinationPort: port };
			const kept = sourcePort !== undefined && keepsSourcePort(path) ? { sourcePort } : {};
			return this.over(holder.node, { ...onward, ...kept, received: true }, legs);
		}
		return finished({ kind: holder.kind, node: name, address, port, clientIp });
	}

	/** Whose address it is: a node's own, or that of a pod on it. */
	private holderOf(text: string, here: Node): { node: Node; kind: "node" | "pod" } | undefined {
		if (isLoopback(text)) return { node: here, kind: "node" };
		const own = this.snapshot.nodes.find((node) => node.internalIp === text || podSideAddress(node) === text);
		if (own) return { node: own, kind: "node" };
		// A pod's address need not be of its node's podCIDR: not every CNI heeds that.
		const pod = this.snapshot.endpoints.find(({ ip }) => ip === text);
		const ofPod = this.snapshot.nodes.find(({ name }) => name === pod?.node);
		if (ofPod) return { node: ofPod, kind: "pod" };
		const address = parseAddress(text);
		const host = this.snapshot.nodes.find(({ podCidr }) => {
			const range = parseRange(podCidr);
			return address && range && rangeContains(range, address);
		});
		return host && { node: host, kind: "pod" };
	}
}

/** NAT keeps a source port that is free, unless it is told to choose at random; nft does not show what iptables told it. */
const keepsSourcePort = ({ hops }: Path): boolean =>
	!hops.some(
		({ effect, rule }) => (effect === "masquerade" || effect === "snat") && /random|xt target|--to-ports/.test(rule),
	);
