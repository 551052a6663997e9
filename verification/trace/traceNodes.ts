/** What the kernel really does with a packet on a node, held against the walk through that node's rules. */
import pLimit from "p-limit";
import type { Runner } from "../../kubernetes/clients.ts";
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import type { Node } from "../../kubernetes/model.ts";
import type { ClusterSnapshot, PlacedClient } from "../../kubernetes/snapshot.ts";
import { withPort } from "../../netfilter/address.ts";
import { type Destination, journeys, type Leg } from "../journey/journey.ts";
import { type Ruleset, readRuleset } from "../ruleset.ts";
import { capture } from "./capture.ts";
import { actingSteps, compare } from "./compare.ts";
import type { NodeTrace } from "./model.ts";

/** Longest time for the client's request, the connection to its pod included. */
const sendSeconds = 10;

/** kube-proxy may write its rules anew between their reading and the packet, or under the monitor: then another agrees. */
const attempts = 3;

/** After so long no further try begins. */
const retrySeconds = 10;

/** So many nodes trace at once. */
const tracesAtOnce = 32;

/** For every node, its kernel's trace of the client's packet to this node's nodePort; all nodes side by side. */
export async function traceNodePorts(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	client: PlacedClient,
): Promise<NodeTrace[]> {
	return pLimit(tracesAtOnce).map(snapshot.nodes, (node) => {
		const destination = { address: node.internalIp, port: snapshot.service.nodePort };
		return traceOn(cluster, snapshot, rulesets, client, destination, node);
	});
}

/**
 * One node's trace of the client's packet to a destination. It never rejects: what stands in its way is the reason.
 * @param rulesets of all nodes that the packet passes before; those of the traced node are read anew
 */
export async function traceOn(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	client: PlacedClient,
	destination: Destination,
	node: Node,
): Promise<NodeTrace> {
	const untraced = (reason: string): NodeTrace => ({ result: "untraced", node: node.name, reason });
	const failed = (reason: string): NodeTrace => ({ result: "failed", node: node.name, reason });
	if (!node.ready) return untraced("the node is not Ready");
	const tracer = tracerOn(snapshot, node);
	if (!tracer) return untraced('it runs no node-probe pod, which comes with connectivity "full"');
	const deadline = performance.now() + retrySeconds * 1000;
	for (let attempt = 1; ; attempt++) {
		const trace = await traceOnce(cluster, { snapshot, rulesets, client, destination }, node, tracer).catch((error) =>
			failed(error instanceof Error ? error.message : String(error)),
		);
		if (
			trace.result === "agrees" ||
			trace.result === "untraced" ||
			attempt === attempts ||
			performance.now() > deadline
		)
			return trace;
	}
}

/** What one request is about. */
interface Asked {
	snapshot: ClusterSnapshot;
	rulesets: ReadonlyMap<string, Ruleset>;
	client: PlacedClient;
	destination: Destination;
}

async function traceOnce(cluster: Cluster, asked: Asked, node: Node, tracer: Runner): Promise<NodeTrace> {
	const { snapshot, client, destination } = asked;
	const ruleset = await readRuleset(cluster, snapshot, node);
	const { backend } = ruleset;
	if (backend === "iptables-legacy") {
		const reason = "legacy iptables writes its traces to the kernel's log, where no pod can read them";
		return { result: "untraced", node: node.name, reason };
	}
	const sourcePort = randomSourcePort();
	const rulesets = new Map(asked.rulesets).set(node.name, ruleset);
	const packet = legOn(node, journeys(snapshot, rulesets, client.place, destination, sourcePort))?.packet;
	if (!packet) throw new Error(`no packet from ${client.name} to ${destination.address} passes it`);
	const url = `http://${withPort(destination.address, destination.port)}/host`;
	const passages = await capture(cluster, tracer, backend, packet, async () => {
		// Whether it is answered is the matrix's question; here it is enough that the kernel saw it.
		await cluster.run(client.run, [...client.get, "--local-port", String(sourcePort), url], sendSeconds);
	});
	const steps = actingSteps(passages, ruleset.ruleText);
	const difference = compare(ruleset.walk(packet), packet, passages, ruleset.ruleText);
	return difference
		? { result: "differs", node: node.name, steps, difference }
		: { result: "agrees", node: node.name, steps };
}

const legOn = ({ name }: Node, ways: { legs: Leg[] }[]): Leg | undefined =>
	ways.flatMap(({ legs }) => legs).find(({ node }) => node === name);

/** Where the node's own kernel can be asked: in a pod on its network. */
function tracerOn(snapshot: ClusterSnapshot, node: Node): Runner | undefined {
	const probe = snapshot.clients.find(
		({ place, run }) => place.network === "node" && place.node === node.name && "exec" in run,
	);
	return probe?.run;
}

/** Below the ports that Linux and Kubernetes give away (32768 and 30000 upwards), above those of common services. */
const randomSourcePort = (): number => 10_000 + Math.floor(Math.random() * 20_000);
