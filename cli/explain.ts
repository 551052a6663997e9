/** npm run explain -- --from <client> --to <target> [--trace]: one packet's journey in words, rule by rule. */

import { Cluster } from "../kubernetes/liveCluster.ts";
import type { ClusterSnapshot, PlacedClient } from "../kubernetes/snapshot.ts";
import { command } from "../lib/command.ts";
import { withPort } from "../netfilter/address.ts";
import { journeysText } from "../report/journeyText.ts";
import { traceText } from "../report/traceText.ts";
import { destinationForms, parseDestination } from "../verification/journey/destination.ts";
import { type Destination, type Journey, journeys } from "../verification/journey/journey.ts";
import { type Ruleset, readRulesets } from "../verification/ruleset.ts";
import { unseen } from "../verification/trace/capture.ts";
import { traceOn } from "../verification/trace/traceNodes.ts";
import { parseArguments } from "./arguments.ts";
import { knownReport } from "./stack/lab.ts";
import { removeLeftovers } from "./stack/leftovers.ts";

/** How a lab gets a pod on every node that can trace, and every kind of client. */
const fullConnectivity = "source .toolchain/env && pulumi config set connectivity full && npm start";
const moreClients = `the echo's pods, the nodes and, of a cluster of the lab's own, one outside by: ${fullConnectivity}`;

const usage = "npm run explain -- --from <client> --to <target> [--trace]";

await command(async () => {
	const { from, to, trace } = options();
	await removeLeftovers();
	const { request } = await knownReport();
	const cluster = new Cluster(request);
	const snapshot = await cluster.snapshot(request);
	const client = clientNamed(snapshot, from, request.connectivity === "full" ? "" : ` (${moreClients})`);
	const destination = parseDestination(snapshot, to);
	const rulesets = await readRulesets(cluster, snapshot, console.error);
	const ways = journeys(snapshot, rulesets, client.place, destination);
	console.log(`From ${placed(client)} to ${withPort(destination.address, destination.port)}\n`);
	console.log(journeysText(ways, snapshot));
	if (!trace) return 0;
	console.log("\nThe kernel's trace");
	if (ways.every(({ legs }) => legs.length === 0)) {
		console.log("no node's rules see the packet: there is nothing to trace");
		return 0;
	}
	const agree = await showTraces(cluster, snapshot, rulesets, client, destination, ways);
	if (!agree && request.connectivity !== "full") console.log(`fix: ${fullConnectivity}`);
	return agree ? 0 : 1;
});

function options(): { from: string; to: string; trace: boolean } {
	const { values } = parseArguments(
		usage,
		{ options: { from: { type: "string" }, to: { type: "string" }, trace: { type: "boolean", default: false } } },
		[
			`--from   a client of the last verification: dnsutils; ${moreClients}`,
			`--to     ${destinationForms}`,
			"--trace  sends a packet, and has every node's kernel confirm the walk; with connectivity full",
		],
	);
	const { from, to, trace } = values;
	if (from === undefined || to === undefined) throw new Error(`--from and --to are needed; usage: ${usage}`);
	return { from, to, trace };
}

function clientNamed({ clients }: ClusterSnapshot, name: string, more: string): PlacedClient {
	const client = clients.find((client) => client.name === name);
	if (client) return client;
	const names = clients.map(({ name }) => name).join(", ");
	throw new Error(`--from must be a client of the last verification, got "${name}"; there are: ${names}${more}`);
}

function placed({ name, place: { network, node, ip = "" } }: PlacedClient): string {
	if (network === "outside") return `${name} (outside the cluster, ${ip})`;
	return network === "pod" ? `${name} (pod ${ip} on ${node})` : `${name} (a process of the node, ${ip})`;
}

/** Shows what each node's kernel did with a packet of its own; false: one did otherwise than the walk, or none could be asked. */
async function showTraces(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: Map<string, Ruleset>,
	client: PlacedClient,
	destination: Destination,
	ways: Journey[],
): Promise<boolean> {
	const passed = new Set(ways.flatMap(({ legs }) => legs.map(({ node }) => node)));
	let agreeing = 0;
	let isContradicted = false;
	for (const node of snapshot.nodes.filter(({ name }) => passed.has(name))) {
		const trace = await traceOn(cluster, snapshot, rulesets, client, destination, node);
		if (trace.result === "agrees") agreeing++;
		const isOnAll = ways.every(({ legs }) => legs.some((leg) => leg.node === node.name));
		if (!isOnAll && trace.result === "failed" && trace.reason === unseen) {
			console.log(
				`${node.name}: not traced: the packet took another of its ${ways.length} ways; again, it may take this one`,
			);
			continue;
		}
		isContradicted ||= trace.result === "differs" || trace.result === "failed";
		console.log(traceText(trace));
	}
	return agreeing > 0 && !isContradicted;
}
