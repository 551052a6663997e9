/** npm run explain -- --from <client> --to <target> [--trace]: a packet's journey in words, rule by rule. */

import { Cluster } from "../kubernetes/liveCluster.ts";
import type { ClusterSnapshot, PlacedClient } from "../kubernetes/snapshot.ts";
import { command } from "../lib/programs/command.ts";
import { withPort } from "../netfilter/address.ts";
import { journeyText } from "../report/journeyText.ts";
import { progressText } from "../report/progressText.ts";
import { traceText } from "../report/traceText.ts";
import { destinationForms, parseDestination } from "../verification/journey/destination.ts";
import { type Branch, type Destination, journeyOf } from "../verification/journey/journey.ts";
import { recordJourney } from "../verification/journey/recordJourneys.ts";
import { type Ruleset, readRulesets } from "../verification/ruleset.ts";
import { traceOn } from "../verification/trace/traceNodes.ts";
import { parseArguments } from "./arguments.ts";
import { knownReport } from "./stack/stackReport.ts";
import { removeLeftovers } from "./update/staleFiles.ts";

/** Connectivity "full" adds clients, and a pod on every node that can trace. */
const fullConnectivity = "source .toolchain/env && pulumi config set connectivity full && npm start";
const moreClients = `for the echo's pods, the nodes and (in the lab's own cluster) a client outside, run: ${fullConnectivity}`;

const usage = "npm run explain -- --from <client> --to <target> [--trace]";

await command(async () => {
	const { from, to, trace } = options();
	await removeLeftovers();
	const { request } = await knownReport();
	const cluster = new Cluster(request);
	const snapshot = await cluster.snapshot(request);
	const client = clientNamed(snapshot, from, request.connectivity === "full" ? "" : `; ${moreClients}`);
	const destination = parseDestination(snapshot, to) ?? refuseDestination(snapshot, to);
	const rulesets = await readRulesets(cluster, snapshot, (progress) => console.error(progressText(progress)));
	const branches = journeyOf(snapshot, rulesets, client.place, destination);
	const address = withPort(destination.address, destination.port);
	console.log(`From ${placed(client)} to ${address}\n`);
	console.log(journeyText(recordJourney(client.name, address, branches, Number.POSITIVE_INFINITY)));
	if (!trace) return 0;
	console.log("\nThe kernel's trace");
	if (branches.every(({ legs }) => legs.length === 0)) {
		console.log("no node's rules see the packet, so there is nothing to trace");
		return 0;
	}
	const agree = await showTraces(cluster, snapshot, rulesets, client, destination, branches);
	if (!agree && request.connectivity !== "full") console.log(`fix: ${fullConnectivity}`);
	return agree ? 0 : 1;
});

function options(): { from: string; to: string; trace: boolean } {
	const { values } = parseArguments(
		usage,
		{ options: { from: { type: "string" }, to: { type: "string" }, trace: { type: "boolean", default: false } } },
		[
			`--from   a client of the last verification, such as dnsutils; ${moreClients}`,
			`--to     ${destinationForms}`,
			"--trace  sends a packet, and compares each kernel's trace with the predicted path; needs connectivity full",
		],
	);
	const { from, to, trace } = values;
	if (from === undefined || to === undefined) throw new Error(`--from and --to are required; usage: ${usage}`);
	return { from, to, trace };
}

function clientNamed({ clients }: ClusterSnapshot, name: string, more: string): PlacedClient {
	const client = clients.find((client) => client.name === name);
	if (client) return client;
	const names = clients.map(({ name }) => name).join(", ");
	throw new Error(`--from "${name}": must be a client of the last verification: ${names}${more}`);
}

function refuseDestination({ nodes, service }: ClusterSnapshot, to: string): never {
	throw new Error(
		`--to "${to}": must be ${destinationForms}, with a port from 1 to 65535; ` +
			`nodes: ${nodes.map(({ name }) => name).join(", ")}; Service: ${service.name}:${service.port}`,
	);
}

function placed({ name, place: { network, node, ip = "" } }: PlacedClient): string {
	if (network === "outside") return `${name} (outside the cluster, ${ip})`;
	return network === "pod" ? `${name} (pod ${ip} on ${node})` : `${name} (a process of the node, ${ip})`;
}

/** Prints each node's trace. @returns whether at least one agrees with the predicted path, and none contradicts it */
async function showTraces(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: Map<string, Ruleset>,
	client: PlacedClient,
	destination: Destination,
	branches: Branch[],
): Promise<boolean> {
	const passed = new Set(branches.flatMap(({ legs }) => legs.map(({ node }) => node)));
	let agreeing = 0;
	let isContradicted = false;
	for (const node of snapshot.nodes.filter(({ name }) => passed.has(name))) {
		const trace = await traceOn(cluster, snapshot, rulesets, client, destination, node);
		if (trace.result === "agrees") agreeing++;
		const isOnAll = branches.every(({ legs }) => legs.some((leg) => leg.node === node.name));
		if (!isOnAll && trace.result === "failed" && trace.failure.kind === "unseen") {
			console.log(
				`${node.name}: not traced: the packet took another of ${branches.length} branches; the next one may take this branch`,
			);
			continue;
		}
		isContradicted ||= trace.result === "differs" || trace.result === "failed";
		console.log(traceText(trace));
	}
	return agreeing > 0 && !isContradicted;
}
