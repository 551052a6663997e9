/** Collects what may explain a failed verification: API objects, pod logs, node logs and rules. */
import type { KubernetesListObject, KubernetesObject, V1Pod } from "@kubernetes/client-node";
import pLimit from "p-limit";
import { withApiError } from "../../kubernetes/apiErrors.ts";
import type { Runner } from "../../kubernetes/clients.ts";
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import { Family } from "../../netfilter/model.ts";
import { outputOf } from "../nodeRules/ruleOutputs.ts";
import type { Report } from "../report.ts";
import type { Request } from "../request.ts";
import { readerOn, readsAtOnce } from "../ruleset.ts";
import type { Collection } from "./collection.ts";
import { containersOf, eventLines, yamlOf } from "./objectText.ts";

/** A report as text, made by the caller. */
export interface ReportTexts {
	report(report: Report): string;
	traces(report: Report): string;
	/** One line for each finding. */
	findings(report: Report): string[];
}

/** How many lines from the end of a log are read. */
const logLines = 5000;

const withNote = (log: string): string =>
	log.split("\n").length > logLines ? `# truncated: the last ${logLines} lines\n${log}` : log;

/** Reads the logs of a node's two main programs. */
const journal = [
	"journalctl",
	"--no-pager",
	"--output=short-iso",
	`--lines=${logLines}`,
	"--unit=kubelet",
	"--unit=containerd",
];

/** Collects everything in parallel. Never rejects: the collection lists what is missing. */
export async function gather(
	collection: Collection,
	cluster: Cluster,
	request: Request,
	report: Report | undefined,
	texts: ReportTexts,
): Promise<void> {
	// In a cluster that the lab didn't create, the rest may be large, and belongs to others.
	const namespaces = [...new Set([request.service.namespace, ...(request.existing ? [] : ["kube-system"])])];
	const nodes = request.existing?.sample?.nodes;
	await Promise.all([
		addReport(collection, report, texts),
		addJournals(collection, cluster, request),
		nodes
			? collection.lack("nodes.yaml", `only ${nodes.length} nodes were verified; the report shows them`)
			: addList(collection, "nodes.yaml", "Nodes", withApiError("Nodes", cluster.core.listNode())),
		addRules(collection, cluster, request),
		...namespaces.map((namespace) => addNamespace(collection, cluster, namespace)),
	]);
}

async function addReport(collection: Collection, report: Report | undefined, texts: ReportTexts): Promise<void> {
	if (!report) return collection.lack("report.json", "the verification failed before there was a report");
	await collection.add("report.txt", "the report as the terminal shows it", async () => texts.report(report));
	await collection.add("report.json", "the full report", async () => JSON.stringify(report, null, 1));
	if (!report.traces) return collection.lack("traces.txt", 'traces need connectivity "full"');
	await collection.add("traces.txt", "each kernel's trace of a packet", async () => texts.traces(report));
}

/** Not through the kubelet: that works only if it is configured for it, and running. */
async function addJournals(collection: Collection, cluster: Cluster, { nodeRunners }: Request): Promise<void> {
	if (!nodeRunners) return collection.lack("nodes/*/journal.log", "the request has no nodeRunners");
	await Promise.all(
		Object.entries(nodeRunners).map(([node, runner]) =>
			collection.add(
				`nodes/${node}/journal.log`,
				"the log of kubelet and containerd",
				async () => withNote(await outputOf(cluster, runner, journal, collection.secondsLeft)),
				"end",
			),
		),
	);
}

async function addRules(collection: Collection, cluster: Cluster, request: Request): Promise<void> {
	try {
		const { existing } = request;
		const sample = existing?.sample?.nodes;
		const [nodes, kubeProxies, otherReaders] = await collection.inTime(
			Promise.all([cluster.nodes(sample), cluster.kubeProxies(sample), cluster.otherReaders(existing)]),
		);
		const readers = { kubeProxies, otherReaders };
		await pLimit(readsAtOnce).map(nodes, ({ name }) =>
			addNodeRules(collection, cluster, name, readerOn(readers, name)),
		);
	} catch (error) {
		collection.lack("nodes/*/*.rules", (error as Error).message);
	}
}

/**
 * All tools: while kube-proxy uses one, the kubelet and the CNI may use the other, or the other back end. And the connections
 * that conntrack knows: rules of NAT don't act on them any more.
 */
async function addNodeRules(collection: Collection, cluster: Cluster, node: string, reader?: Runner): Promise<void> {
	if (!reader) return collection.lack(`nodes/${node}/*.rules`, "no kube-proxy pod runs on the node");
	const addOutput = (path: string, program: string[], line: RegExp, without: string) =>
		collection.add(`nodes/${node}/${path}`, `output of \`${program.join(" ")}\``, async () => {
			const text = await outputOf(cluster, reader, program, collection.secondsLeft);
			if (!line.test(text)) throw new Error(without);
			return text;
		});
	const add = (name: string, program: string[], rule: RegExp) => addOutput(`${name}.rules`, program, rule, "no rules");
	const ofConntrack = (family: Family) =>
		addOutput(`conntrack-${family}.txt`, ["conntrack", "-L", "-f", family], /^\w+ +\d+ /m, "no connections");
	const ofIptables = (name: string, program: string) => add(name, [program, "-c"], /^(\[\d+:\d+\] )?-A /m);
	await Promise.all([
		ofIptables("iptables", "iptables-save"),
		ofIptables("iptables-legacy", "iptables-legacy-save"),
		ofIptables("ip6tables", "ip6tables-save"),
		ofIptables("ip6tables-legacy", "ip6tables-legacy-save"),
		add("nftables", ["nft", "list", "ruleset"], /^\s+chain /m),
		add("ipset", ["ipset", "save"], /^create /m),
		...Family.options.map(ofConntrack),
	]);
}

async function addNamespace(collection: Collection, cluster: Cluster, namespace: string): Promise<void> {
	const { core, discovery } = cluster;
	const folder = `namespaces/${namespace}`;
	const of = (kind: string) => `${kind} in ${namespace}`;
	const pods = withApiError(of("Pods"), core.listNamespacedPod({ namespace }));
	const services = withApiError(of("Services"), core.listNamespacedService({ namespace }));
	const slices = withApiError(of("EndpointSlices"), discovery.listNamespacedEndpointSlice({ namespace }));
	await Promise.all([
		addList(collection, `${folder}/pods.yaml`, of("Pods"), pods),
		addList(collection, `${folder}/services.yaml`, of("Services"), services),
		addList(collection, `${folder}/endpointslices.yaml`, of("EndpointSlices"), slices),
		collection.add(
			`${folder}/events.txt`,
			of("the Events"),
			async () => eventLines((await withApiError(of("Events"), core.listNamespacedEvent({ namespace }))).items),
			"end",
		),
		collection.inTime(pods).then(
			({ items }) => Promise.all(items.map((pod) => addPodLogs(collection, cluster, folder, pod))),
			(error: Error) => collection.lack(`${folder}/*/*.log`, error.message),
		),
	]);
}

const addList = (
	collection: Collection,
	path: string,
	about: string,
	list: Promise<KubernetesListObject<KubernetesObject>>,
): Promise<void> => collection.add(path, about, async () => yamlOf(await list));

async function addPodLogs(collection: Collection, { core }: Cluster, folder: string, pod: V1Pod): Promise<void> {
	const { name = "", namespace = "" } = pod.metadata ?? {};
	const containers = containersOf(pod);
	if (containers.length === 0) collection.lack(`${folder}/${name}/*.log`, "no container was created yet");
	const add = (container: string, previous: boolean) =>
		collection.add(
			`${folder}/${name}/${container}${previous ? ".previous" : ""}.log`,
			`log of container ${container}${previous ? " before its last restart" : ""}`,
			async () => {
				const log = { name, namespace, container, previous, tailLines: logLines, timestamps: true };
				return withNote(await withApiError(`the log of pod ${namespace}/${name}`, core.readNamespacedPodLog(log)));
			},
			"end",
		);
	await Promise.all(
		containers.flatMap(({ name, restarted }) => [add(name, false), ...(restarted ? [add(name, true)] : [])]),
	);
}
