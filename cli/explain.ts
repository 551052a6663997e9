/** npm run explain -- --from <client> --to <target> [options]: what changes a packet on its way, in words and rules. */

import { Cluster } from "../kubernetes/liveCluster.ts";
import { type ClusterSnapshot, type PlacedClient, viewName } from "../kubernetes/snapshot.ts";
import { command } from "../lib/programs/command.ts";
import { withPort } from "../netfilter/address.ts";
import { type Compared, pathAnswer } from "../report/answer/pathAnswer.ts";
import { placedClient } from "../report/path/placeText.ts";
import { stepsText } from "../report/path/stepsText.ts";
import { fill } from "../report/screen/fill.ts";
import { nodeTraceLine, traceText } from "../report/traceText.ts";
import { withProtocol } from "../report/views/viewText.ts";
import { type Destination, destinationForms, parseDestination } from "../verification/journey/destination.ts";
import { type Branch, journeyOf } from "../verification/journey/journey.ts";
import { recordJourney } from "../verification/journey/recordJourneys.ts";
import { type Ruleset, readRulesets } from "../verification/ruleset.ts";
import { traceOn } from "../verification/trace/traceNodes.ts";
import { parseArguments, verbosity } from "./arguments.ts";
import { screenOf } from "./display/screenOf.ts";
import { clientNamed, type ViewAsked, viewAsked } from "./explain/explainedView.ts";
import { knownReport, sayTo } from "./stack/stackReport.ts";
import { removeLeftovers } from "./update/staleFiles.ts";

/** Connectivity "full" adds clients, and a pod on every node that can trace. */
const fullConnectivity = "source .toolchain/env && pulumi config set connectivity full && npm start";
const moreClients = `for the echo's pods, the nodes and (in the lab's own cluster) a client outside, run: ${fullConnectivity}`;

const usage = "npm run explain -- --from <client> --to <target> [--protocol udp] [--family ipv6] [--verbose] [--trace]";

await command(async () => {
	const { from, to, family, protocol, trace, rules } = options();
	await removeLeftovers();
	const report = await knownReport();
	const { request } = report;
	const cluster = new Cluster(request);
	const snapshot = await cluster.snapshot(request);
	const view = viewAsked(snapshot, { to, family, protocol });
	const client = clientNamed(snapshot, view, from, request.connectivity === "full" ? "" : `; ${moreClients}`);
	const destination = parseDestination(view, to) ?? refuseDestination(view, to);
	const rulesets = await readRulesets(
		cluster,
		snapshot,
		sayTo(() => {}),
	);
	const branches = journeyOf(view, rulesets, client.place, destination);
	const address = withPort(destination.address, destination.port);
	const journey = recordJourney(client.name, address, branches, Number.POSITIVE_INFINITY, viewName(view));
	const screen = screenOf();
	const { width } = screen;
	console.log(
		[
			...fill(`From ${placedClient(client.name, client.place)} to ${withProtocol(address, view.protocol)}`, width),
			"",
		].join("\n"),
	);
	console.log(stepsText(journey, { rules, width, more: ["--verbose"] }));
	const asked = { client, destination, branches, rules, width };
	const compared = trace ? await compare(cluster, view, rulesets, asked) : undefined;
	if (compared?.agree === false && request.connectivity !== "full") console.log(`fix: ${fullConnectivity}`);
	console.log(`\n${pathAnswer(report, { client, journey, compared }, screen)}`);
	return compared?.agree === false ? 1 : 0;
});

function options(): ViewAsked & { from: string; trace: boolean; rules: boolean } {
	const { values } = parseArguments(
		usage,
		{
			options: {
				from: { type: "string" },
				to: { type: "string" },
				protocol: { type: "string" },
				family: { type: "string" },
				rules: { type: "boolean", default: false },
				trace: { type: "boolean", default: false },
				...verbosity,
			},
		},
		[
			`--from      a client of the last verification, such as dnsutils; ${moreClients}`,
			`--to        ${destinationForms}`,
			"--protocol  tcp or udp, if the Service has it (default: its first)",
			"--family    ipv4 or ipv6, for nodes and names if the Service has both (default: its first)",
			"--verbose   shows every rule on the path, not only those that rewrite, choose, drop or reject (also: --rules)",
			"--trace     sends a packet, and compares each kernel's trace with the predicted path; needs connectivity full",
		],
	);
	const { from, to, family, protocol, trace, rules, verbose } = values;
	if (from === undefined || to === undefined) throw new Error(`--from and --to are required; usage: ${usage}`);
	return { from, to, family, protocol, trace, rules: rules || verbose };
}

function refuseDestination({ nodes, service }: ClusterSnapshot, to: string): never {
	throw new Error(
		`--to "${to}": must be ${destinationForms}, with a port from 1 to 65535; ` +
			`nodes: ${nodes.map(({ name }) => name).join(", ")}; Service: ${service.name}:${service.port}`,
	);
}

interface Asked {
	client: PlacedClient;
	destination: Destination;
	branches: Branch[];
	/** Show every traced rule. */
	rules: boolean;
	width: number;
}

function indentOf(line: string): string {
	return /^ */.exec(line)?.[0] ?? "";
}

/** Prints each node's trace. They agree if at least one equals the predicted path, and none contradicts it. */
async function compare(
	cluster: Cluster,
	snapshot: ClusterSnapshot,
	rulesets: Map<string, Ruleset>,
	{ client, destination, branches, rules, width }: Asked,
): Promise<Compared> {
	console.log("\nThe kernel's trace");
	const passed = new Set(branches.flatMap(({ legs }) => legs.map(({ node }) => node)));
	if (passed.size === 0) {
		console.log("no node's rules handle the packet, so there is nothing to trace");
		return undefined;
	}
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
		const text = trace.result === "agrees" && !rules ? nodeTraceLine(trace) : traceText(trace);
		console.log(
			text
				.split("\n")
				.flatMap((line) => fill(line, width, indentOf(line), "      "))
				.join("\n"),
		);
	}
	return { agree: agreeing > 0 && !isContradicted, nodes: agreeing };
}
