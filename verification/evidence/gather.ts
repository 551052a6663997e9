/** Reads whatever may tell why a verification failed: of the API, of the pods, of the nodes. */
import type { KubernetesListObject, KubernetesObject, V1Pod } from "@kubernetes/client-node";
import pLimit from "p-limit";
import { withApiError } from "../../kubernetes/apiErrors.ts";
import type { Runner } from "../../kubernetes/clients.ts";
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import { terminalReport } from "../../report/terminal.ts";
import { traceText } from "../../report/traceText.ts";
import type { Report } from "../report.ts";
import type { Request } from "../request.ts";
import { printed, readerOn, readsAtOnce } from "../ruleset.ts";
import type { Collection } from "./collection.ts";
import { containersOf, eventLines, yamlOf } from "./objectText.ts";

/** So many lines from the end of a log are read. */
const logLines = 5000;

const noted = (log: string): string =>
	log.split("\n").length > logLines ? `# cut: the last ${logLines} lines\n${log}` : log;

/** What systemd keeps of the two programs that make a node. */
const journal = [
	"journalctl",
	"--no-pager",
	"--output=short-iso",
	`--lines=${logLines}`,
	"--unit=kubelet",
	"--unit=containerd",
];

/** Everything side by side; what cannot be had is named in the collection. Never rejects. */
export async function gather(
	collection: Collection,
	cluster: Cluster,
	request: Request,
	report: Report | undefined,
): Promise<void> {
	// Of a cluster that is not the lab's own only what is: all else may be much, and is somebody else's.
	const namespaces = [...new Set([request.service.namespace, ...(request.existing ? [] : ["kube-system"])])];
	const nodes = request.existing?.sample?.nodes;
	await Promise.all([
		addReport(collection, report),
		addJournals(collection, cluster, request),
		nodes
			? collection.lack("nodes.yaml", `only ${nodes.length} of them are looked at: the report shows these`)
			: addList(collection, "nodes.yaml", "the Nodes", withApiError("Nodes", cluster.core.listNode())),
		addRules(collection, cluster, request),
		...namespaces.map((namespace) => addNamespace(collection, cluster, namespace)),
	]);
}

async function addReport(collection: Collection, report: Report | undefined): Promise<void> {
	if (!report) return collection.lack("report.json", "the verification did not get as far as a report");
	await collection.add("report.txt", "the report as a terminal shows it", async () =>
		terminalReport(report, { color: false }),
	);
	await collection.add("report.json", "the whole report", async () => JSON.stringify(report, null, 1));
	const { traces } = report;
	if (!traces) return collection.lack("traces.txt", `with connectivity "${report.request.connectivity}" none is made`);
	await collection.add("traces.txt", "what the kernel of each node did with a packet", async () =>
		traces.map(traceText).join("\n\n"),
	);
}

/** Not by the kubelet, which serves its log only where it is told to, and lives. */
async function addJournals(collection: Collection, cluster: Cluster, { nodeRunners }: Request): Promise<void> {
	if (!nodeRunners)
		return collection.lack("nodes/*/journal.log", "the request does not say how to run programs on nodes");
	await Promise.all(
		Object.entries(nodeRunners).map(([node, runner]) =>
			collection.add(
				`nodes/${node}/journal.log`,
				"the log of its kubelet and its containerd",
				async () => noted(await printed(cluster, runner, journal, collection.secondsLeft)),
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

/** Whichever of both holds rules; where kube-proxy has one, the kubelet and the CNI may still have the other. */
async function addNodeRules(collection: Collection, cluster: Cluster, node: string, reader?: Runner): Promise<void> {
	if (!reader) return collection.lack(`nodes/${node}/*.rules`, "the node runs no kube-proxy pod");
	const add = (path: string, program: string[], rule: RegExp) =>
		collection.add(`nodes/${node}/${path}.rules`, `what \`${program.join(" ")}\` prints`, async () => {
			const text = await printed(cluster, reader, program, collection.secondsLeft);
			if (!rule.test(text)) throw new Error("there are none");
			return text;
		});
	await Promise.all([
		add("iptables", ["iptables-save", "-c"], /^(\[\d+:\d+\] )?-A /m),
		add("nftables", ["nft", "list", "ruleset"], /^\s+chain /m),
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
		addList(collection, `${folder}/pods.yaml`, of("the Pods"), pods),
		addList(collection, `${folder}/services.yaml`, of("the Services"), services),
		addList(collection, `${folder}/endpointslices.yaml`, of("the EndpointSlices"), slices),
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
	if (containers.length === 0) collection.lack(`${folder}/${name}/*.log`, "none of its containers has been made yet");
	const add = (container: string, previous: boolean) =>
		collection.add(
			`${folder}/${name}/${container}${previous ? ".previous" : ""}.log`,
			`the log of the container ${container}${previous ? " before its last restart" : ""}`,
			async () => {
				const log = { name, namespace, container, previous, tailLines: logLines, timestamps: true };
				return noted(await withApiError(`the log of pod ${namespace}/${name}`, core.readNamespacedPodLog(log)));
			},
			"end",
		);
	await Promise.all(
		containers.flatMap(({ name, restarted }) => [add(name, false), ...(restarted ? [add(name, true)] : [])]),
	);
}
