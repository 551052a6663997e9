/** Traces a packet in a node's kernel, and compares the trace with the path predicted from the node's rules. */
import pLimit from "p-limit";
import type { Runner } from "../../kubernetes/clients.ts";
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import type { Node } from "../../kubernetes/model.ts";
import { type ClusterSnapshot, type PlacedClient, viewName, viewsOf } from "../../kubernetes/snapshot.ts";
import { withPort } from "../../netfilter/address.ts";
import type { RuleText } from "../../netfilter/model.ts";
import { parseNftables } from "../../netfilter/nftables/parse.ts";
import { UnreadableRules } from "../findings.ts";
import type { Destination } from "../journey/destination.ts";
import { type Branch, journeyOf, type Leg } from "../journey/journey.ts";
import { reader } from "../nodeRules/ruleOutputs.ts";
import { requestProgram } from "../probe.ts";
import { type Ruleset, readRuleset } from "../ruleset.ts";
import { capture, monitorFor } from "./capture.ts";
import { actingSteps, compare } from "./compare.ts";
import { type NodeTrace, TraceError, type TraceFailure } from "./model.ts";

/** The time limit for the client's request and the connection to its pod. */
const sendSeconds = 10;

/** kube-proxy may write new rules between reading them and sending the packet: then another attempt agrees. */
const attempts = 3;

/** No attempt starts later than this. */
const retrySeconds = 10;

/** How many nodes trace in parallel. */
const tracesAtOnce = 32;

/** Traces the packet of each view's first client to each node's nodePort on that node. @returns the first view's first */
export async function traceNodePorts(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
): Promise<NodeTrace[]> {
	// One node's monitors would print each other's packets.
	const onNodes = new Map(snapshot.nodes.map(({ name }) => [name, pLimit(1)]));
	const limit = pLimit(tracesAtOnce);
	const traces = viewsOf(snapshot).flatMap((view) => {
		const [client] = view.clients;
		if (!client) return [];
		return view.nodes.map((node) => {
			const { nodePort: port } = view.service;
			const destination = { address: node.internalIp, port, protocol: view.protocol };
			const trace = () => limit(() => traceOn(cluster, view, rulesets, client, destination, node));
			return onNodes.get(node.name)?.(trace) ?? trace();
		});
	});
	return Promise.all(traces);
}

/**
 * Traces the client's packet to a destination on one node. Never rejects.
 * @param rulesets of all nodes that the packet passes before; those of the traced node are read again
 */
export async function traceOn(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: ReadonlyMap<string, Ruleset>,
	client: PlacedClient,
	destination: Destination,
	node: Node,
): Promise<NodeTrace> {
	const about = { node: node.name, ...viewName(snapshot) };
	if (!node.ready) return { result: "untraced", ...about, reason: "notReady" };
	const tracer = tracerOn(snapshot, node);
	if (!tracer) return { result: "untraced", ...about, reason: "noTracer" };
	const deadline = performance.now() + retrySeconds * 1000;
	for (let attempt = 1; ; attempt++) {
		const trace = await traceOnce(cluster, { snapshot, rulesets, client, destination }, node, tracer).catch(
			(error): NodeTrace => ({ result: "failed", ...about, failure: failureOf(error) }),
		);
		const isFinal = trace.result === "agrees" || trace.result === "untraced";
		if (isFinal || attempt === attempts || performance.now() > deadline) return trace;
	}
}

function failureOf(error: unknown): TraceFailure {
	if (error instanceof TraceError) return error.failure;
	if (error instanceof UnreadableRules) return { kind: "unreadableRules", problem: error.finding.problem };
	return { kind: "error", message: error instanceof Error ? error.message : String(error) };
}

/** The request whose packet is traced. */
interface TracedRequest {
	snapshot: ClusterSnapshot;
	rulesets: ReadonlyMap<string, Ruleset>;
	client: PlacedClient;
	destination: Destination;
}

async function traceOnce(cluster: Cluster, traced: TracedRequest, node: Node, tracer: Runner): Promise<NodeTrace> {
	const { snapshot, client, destination } = traced;
	const about = { node: node.name, ...viewName(snapshot) };
	const ruleset = await readRuleset(cluster, snapshot, node);
	const { backend } = ruleset;
	// It writes its traces to the kernel's log, where no pod can read them.
	if (backend === "iptables-legacy") return { result: "untraced", ...about, reason: "legacyIptables" };
	const sourcePort = randomSourcePort();
	const rulesets = new Map(traced.rulesets).set(node.name, ruleset);
	const packet = legOn(node, journeyOf(snapshot, rulesets, client.place, destination, sourcePort))?.packet;
	if (!packet) throw new TraceError({ kind: "notOnJourney", client: client.name, address: destination.address });
	const address = withPort(destination.address, destination.port);
	const program = requestProgram(snapshot, client, address, ["--local-port", String(sourcePort)]);
	const passages = await capture(cluster, tracer, backend, packet, async () => {
		// The matrix shows whether the request is answered; a trace needs only the packet.
		await cluster.run(client.run, program, sendSeconds);
	});
	const ruleText = await ruleTextOf(cluster, tracer, node, ruleset, monitorFor(backend, packet.family));
	const steps = actingSteps(passages, ruleText);
	const difference = compare(ruleset.walk(packet), packet, passages, ruleText);
	return difference ? { result: "differs", ...about, steps, difference } : { result: "agrees", ...about, steps };
}

/** nft's monitor shows handles, which iptables-save doesn't print. */
async function ruleTextOf(
	cluster: Cluster,
	tracer: Runner,
	node: Node,
	ruleset: Ruleset,
	monitor: ReturnType<typeof monitorFor>,
): Promise<RuleText> {
	if (monitor === "xtables" || ruleset.backend === "nftables") return ruleset.ruleText;
	const read = reader(cluster, node.name, tracer);
	return ruleset.ruleTextByHandle(await read(["nft", "-j", "list", "ruleset"], parseNftables));
}

const legOn = ({ name }: Node, branches: Branch[]): Leg | undefined =>
	branches.flatMap(({ legs }) => legs).find(({ node }) => node === name);

/** A pod on the node's network can trace in its kernel. */
function tracerOn(snapshot: ClusterSnapshot, node: Node): Runner | undefined {
	const probe = snapshot.clients.find(
		({ place, run }) => place.network === "node" && place.node === node.name && "exec" in run,
	);
	return probe?.run;
}

/** Below the ports that Linux and Kubernetes assign (from 32768 and 30000), above those of common services. */
const randomSourcePort = (): number => 10_000 + Math.floor(Math.random() * 20_000);
