/** A packet's journey, from its client through the rules of every node that it passes. */
import type { Node } from "../../kubernetes/model.ts";
import type { ClusterSnapshot, Place } from "../../kubernetes/snapshot.ts";
import { parseAddress, parseRange, contains as rangeContains } from "../../netfilter/address.ts";
import type { Hop, KernelSetting, Packet, Path } from "../../netfilter/model.ts";
import { Network } from "../../netfilter/node/hostNetwork.ts";
import { messageOf } from "../../netfilter/rejection.ts";
import { lostReply } from "../../netfilter/words.ts";
import { podSideAddress } from "../judgement/predict.ts";
import type { Observed, Outcome } from "../model.ts";
import type { Ruleset } from "../ruleset.ts";
import type { Destination } from "./destination.ts";
import type { End, UnknownReason } from "./model.ts";
import { networkOf } from "./nodeNetwork.ts";

/** What one node's rules do with the packet. */
export interface Leg {
	node: string;
	/** As it arrives. Its source port is left out once NAT may have changed it. */
	packet: Packet;
	path: Path;
}

/** One of the journeys that the packet may take; the probabilities of all branches add up to 1. */
export interface Branch {
	probability: number;
	legs: Leg[];
	end: End;
}

type Sent = Destination & { sourcePort?: number };

/** The lab's packets pass at most the client's node, the node that they enter by, and the pod's node. */
const mostLegs = 8;

/**
 * All branches of the journey of a client's first packet.
 * @param rulesets by node; a branch ends as "unknown" on a node without one
 * @param sourcePort if the client chooses it
 */
export function journeyOf(
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	client: Place,
	destination: Destination,
	sourcePort?: number,
): Branch[] {
	const nodes = new Nodes(snapshot, rulesets);
	const sent = { ...destination, ...(sourcePort !== undefined && { sourcePort }) };
	if (client.network === "outside") return nodes.enterFromOutside(client, sent);
	const node = snapshot.nodes.find(({ name }) => name === client.node);
	if (!node) return ended({ kind: "unknown", node: client.node ?? "", reason: "clientNode" });
	if (client.network === "node") return nodes.pass(node, packetOf(sent, processSource(node, destination.address)));
	if (isLoopback(destination.address)) return ended({ kind: "loopback" });
	return nodes.pass(node, { ...packetOf(sent, client.ip ?? ""), received: true });
}

/** What the client sees. */
export const outcomeOf = (end: End): Outcome =>
	end.kind === "reject" && messageOf(end.with) !== "connection refused" ? "other" : outcomes[end.kind];

const outcomes: Record<End["kind"], Outcome> = {
	pod: "ok",
	// Nothing of the lab listens on a node's own ports.
	node: "refused",
	reject: "refused",
	loopback: "refused",
	drop: "timeout",
	unreachable: "other",
	unknown: "other",
};

/** What the client observes if its packet ends here. */
export function observationOf(end: End): Observed {
	const outcome = outcomeOf(end);
	if (end.kind !== "pod") return { outcome };
	return { outcome, podIp: end.address, node: end.node, clientIp: end.clientIp };
}

const ended = (end: End, legs: Leg[] = []): Branch[] => [{ probability: 1, legs, end }];

const isLoopback = (address: string): boolean => parseAddress(address)?.range() === "loopback";

function packetOf({ address, port, protocol = "tcp", sourcePort }: Sent, source: string): Packet {
	return {
		family: parseAddress(address)?.kind() ?? "ipv4",
		protocol,
		source,
		...(sourcePort !== undefined && { sourcePort }),
		destination: address,
		destinationPort: port,
		mark: 0,
		ctstate: "NEW",
	};
}

/** The kernel's source address for a packet of a node's own process; to a local address, that address itself. */
function processSource(node: Node, destination: string): string {
	const network = new Network(networkOf(node));
	const address = parseAddress(destination);
	if (!address || network.isLocal(address)) return destination;
	return network.sourcesTowards(address)[0]?.toString() ?? node.internalIp;
}

/** The cluster's nodes, as packets pass them. */
class Nodes {
	private readonly snapshot: ClusterSnapshot;
	private readonly rulesets: ReadonlyMap<string, Ruleset>;

	constructor(snapshot: ClusterSnapshot, rulesets: ReadonlyMap<string, Ruleset>) {
		this.snapshot = snapshot;
		this.rulesets = rulesets;
	}

	/** A machine outside the cluster has routes only to the nodes' own addresses, and to those that lead to a known node. */
	enterFromOutside({ ip }: Place, sent: Sent): Branch[] {
		const node = this.snapshot.nodes.find(({ name, internalIp }) =>
			sent.entry === undefined ? internalIp === sent.address : name === sent.entry,
		);
		if (isLoopback(sent.address)) return ended({ kind: "loopback" });
		if (!node) return ended({ kind: "unreachable", address: sent.address });
		if (ip === undefined) return ended({ kind: "unknown", node: node.name, reason: "clientAddress" });
		return this.pass(node, { ...packetOf(sent, ip), received: true });
	}

	/** All branches from the packet's arrival at the node. */
	pass(node: Node, packet: Packet, before: Leg[] = []): Branch[] {
		const ruleset = this.rulesets.get(node.name);
		const unknown = (reason: UnknownReason) => ended({ kind: "unknown", node: node.name, reason }, before);
		if (!ruleset) return unknown("unreadRules");
		if (before.length >= mostLegs) return unknown("loop");
		return ruleset.walk(packet).flatMap((path) => {
			const legs = [...before, { node: node.name, packet, path }];
			const branches = this.leave(node, packet, path, legs);
			return branches.map((branch) => ({ ...branch, probability: branch.probability * path.probability }));
		});
	}

	private leave(node: Node, packet: Packet, path: Path, legs: Leg[]): Branch[] {
		const { name } = node;
		const by = ownerOfEnd(path);
		if (path.outcome === "drop") return ended({ kind: "drop", node: name, ...by }, legs);
		if (path.outcome === "reject")
			return ended({ kind: "reject", node: name, with: path.rejectedWith ?? "", ...by }, legs);
		if (path.outcome === "unknown") {
			return ended({ kind: "unknown", node: name, reason: "rule", detail: path.hops.at(-1)?.text ?? "" }, legs);
		}
		const { address, port } = path.endpoint ?? { address: packet.destination, port: packet.destinationPort };
		const endpoint = this.snapshot.endpoints.find((one) => one.ip === address && one.port === port);
		const holder = this.holderOf(address, node);
		if (!holder && path.endpoint) {
			const to = { address, port, isEndpoint: endpoint !== undefined };
			return ended({ kind: "unknown", node: name, reason: "otherNode", to }, legs);
		}
		if (!holder) return ended({ kind: "unreachable", address }, legs);
		const { clientIp } = path;
		if (clientIp === undefined) return ended({ kind: "unknown", node: name, reason: "source" }, legs);
		if (holder.node !== node) {
			const { sourcePort, ...onward } = { ...packet, source: clientIp, destination: address, destinationPort: port };
			const kept = sourcePort !== undefined && keepsSourcePort(path) ? { sourcePort } : {};
			return this.pass(holder.node, { ...onward, ...kept, received: true }, legs);
		}
		const setting = path.endpoint && this.rulesets.get(name)?.hidesBridged(address, clientIp);
		if (setting) return ended({ kind: "drop", node: name }, withLostReply(legs, setting));
		// A pod in its node's network has the node's address.
		if (holder.kind === "node" && !endpoint) return ended({ kind: "node", node: name, address, port, clientIp }, legs);
		return ended({ kind: "pod", node: name, address, port, clientIp, ...(endpoint && { pod: endpoint.pod }) }, legs);
	}

	/** The node that has this address, or has a pod with it. */
	private holderOf(text: string, here: Node): { node: Node; kind: "node" | "pod" } | undefined {
		if (isLoopback(text)) return { node: here, kind: "node" };
		const own = this.snapshot.nodes.find((node) => node.internalIp === text || podSideAddress(node) === text);
		if (own) return { node: own, kind: "node" };
		// Not every CNI takes a pod's address from its node's podCIDR.
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

/** The journey of a request whose reply the client ignores. */
function withLostReply(legs: readonly Leg[], setting: KernelSetting): Leg[] {
	const { name, value } = setting;
	const rule = { table: "kernel", chain: "bridge", rule: `${name} = ${value}` };
	const hop: Hop = { ...rule, effect: "drop", setting, text: lostReply(setting) };
	return legs.map((leg, index) => {
		if (index < legs.length - 1) return leg;
		return { ...leg, path: { ...leg.path, outcome: "drop", hops: [...leg.path.hops, hop] } };
	});
}

function ownerOfEnd({ hops }: Path): { owner?: string } {
	const owner = hops.at(-1)?.owner;
	return owner === undefined ? {} : { owner };
}

/** NAT keeps a free source port unless a flag makes it choose one at random. nft doesn't show the flags of iptables rules. */
const keepsSourcePort = ({ hops }: Path): boolean =>
	!hops.some(
		({ effect, rule }) => (effect === "masquerade" || effect === "snat") && /random|xt target|--to-ports/.test(rule),
	);
