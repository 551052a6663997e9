/** nodeport-lab explain: a packet's path in words, rule by rule, for any Service, or for one node's rules from a file. */
import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { withPort } from "../../netfilter/address.ts";
import { Protocol } from "../../netfilter/model.ts";
import { clusterLine } from "../../report/diagnosis/diagnosisText.ts";
import { gapTexts } from "../../report/diagnosis/gapText.ts";
import { pathsText } from "../../report/diagnosis/pathText.ts";
import { clientForms } from "../../report/diagnosis/requestProblemText.ts";
import { placedClient } from "../../report/path/placeText.ts";
import { stepsText } from "../../report/path/stepsText.ts";
import { withProtocol } from "../../report/views/viewText.ts";
import { resolveRequest } from "../../verification/diagnosis/explainRequest.ts";
import { parseServiceName, readDiagnosis } from "../../verification/diagnosis/readDiagnosis.ts";
import { rulesetsFor } from "../../verification/diagnosis/rulesFromSource.ts";
import { parseDump, walkDump } from "../../verification/diagnosis/singleDump.ts";
import { journeyOf } from "../../verification/journey/journey.ts";
import { recordJourney } from "../../verification/journey/recordJourneys.ts";
import { type SourceOptions, sourceOf, withSourceOptions } from "./clusterOptions.ts";
import { runScript } from "./labCommands.ts";
import { screen } from "./output.ts";

interface Options extends SourceOptions {
	from?: string;
	to?: string;
	through?: string;
	protocol?: Protocol;
	rules?: string[];
	nodeIp?: string[];
	inInterface?: string;
	trace?: boolean;
	verbose?: boolean;
	json?: boolean;
}

const stepsOptions = ({ verbose = false }: Options) => ({
	rules: verbose,
	width: screen().width,
	more: ["--verbose"],
});

const examples = `
Examples:
  nodeport-lab explain shop/frontend --from client-pod --to worker-1
  nodeport-lab explain shop/frontend --from 198.51.100.7 --to 192.0.2.11:30080
  nodeport-lab explain --rules iptables-save.txt --node-ip 192.0.2.11 --from 198.51.100.7 --to 192.0.2.11:30080
  nodeport-lab explain --from dnsutils --to nodeport-worker     the lab's own Service, as npm run explain

--to: <node> (its nodePort), <node>:<port>, <IP address>:<port>, clusterIp, or the Service's DNS name with a port.`;

export const addExplain = (program: Command): Command =>
	withSourceOptions(
		program
			.command("explain")
			.description("explain what changes a packet on its path, in words and rules")
			.argument("[service]", "<namespace>/<service>; without it, the lab's own Service"),
	)
		.option("--from <client>", clientForms)
		.option("--to <destination>", "where the packet goes, see below")
		.option("--through <node>", "for an external address: the node where the packet arrives")
		.addOption(new Option("--protocol <protocol>", "of the packet (default: the port's)").choices(Protocol.options))
		.option(
			"--rules <file...>",
			"the rules of one node instead of a cluster: the outputs of iptables-save, ip6tables-save, those of legacy iptables, nft -j list ruleset",
		)
		.option("--node-ip <address...>", "with --rules: the node's own addresses, as far as you know them")
		.option("--in-interface <name>", "with --rules: the interface where the packet arrives")
		.option("--trace", "the lab's own Service only: compare with the kernel's trace")
		.option("--verbose", "show every rule on the path, not only those that rewrite, choose, drop or reject")
		.option("--json", "print the path as JSON")
		.addHelpText("after", examples)
		.action(async (service: string | undefined, options: Options) => {
			process.exitCode = await explain(service, options);
		});

async function explain(service: string | undefined, options: Options): Promise<number> {
	const { from, to, rules, trace, verbose } = options;
	if (from === undefined || to === undefined) throw new Error("--from and --to are required (see explain --help)");
	if (rules) return explainDump({ ...options, from, to }, rules);
	if (service !== undefined && trace) throw new Error("--trace works with the lab's own Service only");
	if (service !== undefined) return explainService(service, { ...options, from, to });
	return runScript("explain", [
		"--from",
		from,
		"--to",
		to,
		...(trace ? ["--trace"] : []),
		...(verbose ? ["--verbose"] : []),
	]);
}

type Asked = Options & { from: string; to: string };

async function explainService(service: string, options: Asked): Promise<number> {
	const name = parseServiceName(service);
	const source = await sourceOf(options);
	const input = await readDiagnosis(source, name);
	const { view, client, destination } = await resolveRequest(source, input, options);
	const branches = journeyOf(view.snapshot, rulesetsFor(input.rules, view), client, destination);
	const address = withPort(destination.address, destination.port);
	const journey = recordJourney(options.from, address, branches, Number.POSITIVE_INFINITY);
	if (options.json) {
		console.log(JSON.stringify({ cluster: input.reading.about, protocol: view.protocol, ...journey }, null, 2));
		return 0;
	}
	const through = destination.entry === undefined ? "" : ` through ${destination.entry}`;
	console.log(clusterLine(input.reading.about));
	const to = withProtocol(address, view.protocol);
	console.log(`From ${placedClient(options.from, client)} to ${to}${through}\n`);
	console.log(stepsText(journey, stepsOptions(options)));
	const gaps = gapTexts(input.rules.gaps);
	if (gaps.length > 0) console.log(`\nNot checked\n${gaps.map((text) => `- ${text}`).join("\n")}`);
	return 0;
}

async function explainDump(asked: Asked, files: string[]): Promise<number> {
	const { from, to, nodeIp: nodeIps = [], protocol = "tcp", inInterface, json } = asked;
	const [node] = nodeIps;
	if (node === undefined)
		throw new Error("--rules needs --node-ip <address>, the address of the node with these rules");
	const texts = await Promise.all(files.map(async (path) => ({ path, text: await readFile(path, "utf8") })));
	const { packet, paths } = walkDump(parseDump(texts), { nodeIps, from, to, protocol, inInterface });
	if (json) console.log(JSON.stringify({ packet, paths }, null, 2));
	else {
		const target = withProtocol(withPort(packet.destination, packet.destinationPort), protocol);
		console.log(`From ${packet.source} to ${target} on the node ${node}\n`);
		console.log(pathsText(paths, { packet, node }, stepsOptions(asked)));
	}
	return 0;
}
