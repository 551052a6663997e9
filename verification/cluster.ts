/** What the verification asks of a Kubernetes cluster: its objects, and programs run where a client is. */
import { type Readable, Writable } from "node:stream";
import { AppsV1Api, CoreV1Api, DiscoveryV1Api, Exec, KubeConfig, type V1Status } from "@kubernetes/client-node";
import { execa } from "execa";
import type { Node, Service } from "./model.ts";
import {
	byNodeThenName,
	byRoleThenName,
	isReady,
	toEndpoints,
	toExec,
	toNode,
	toPlace,
	toService,
	whyUnready,
} from "./objects.ts";
import type { Client, ClientGroup, Request, Runner } from "./request.ts";

/** A ready endpoint of the Service. */
export interface Endpoint {
	ip: string;
	port: number;
	node: string;
	pod: string;
}

/** Where a client sends from: a pod's own network, a node's, or outside the cluster. */
export interface Place {
	network: "pod" | "node" | "outside";
	node?: string;
	ip?: string;
}

export interface PlacedClient extends Client {
	place: Place;
}

/** How a program ended: `code` is its exit code, or -1 where it did not get as far as running or ending. */
export interface Ran {
	code: number;
	stdout: string;
	stderr: string;
}

/** Talk with a program while it runs. */
export interface Dialogue {
	stdin: Readable;
	/** Told whenever there is more, with all that the program has said so far, on stdout and stderr. */
	onOutput(soFar: string): void;
}

/** Everything that a verification reads of the API before it probes. */
export interface View {
	clients: PlacedClient[];
	nodes: Node[];
	service: Service;
	endpoints: Endpoint[];
	/** The cluster's own DNS Service, which resolves the Service's name; absent where it has another. */
	dns?: { clusterIp: string; endpoints: Endpoint[] };
	/** Why the API may not be up to date yet, as after a restart; empty: it is. */
	unsettled: string[];
	/** The kube-proxy pod of each node that has one: where its rules can be read with the tools that wrote them. */
	kubeProxies: Map<string, Runner>;
}

/** What kubeadm, and most others, call it, whatever serves it. */
const dnsService = "kube-dns";

export class Cluster {
	private readonly core: CoreV1Api;
	private readonly apps: AppsV1Api;
	private readonly discovery: DiscoveryV1Api;
	private readonly executor: Exec;

	/** @throws where the kubeconfig cannot be read */
	constructor(kubeconfig: string) {
		const config = new KubeConfig();
		config.loadFromFile(kubeconfig);
		this.core = config.makeApiClient(CoreV1Api);
		this.apps = config.makeApiClient(AppsV1Api);
		this.discovery = config.makeApiClient(DiscoveryV1Api);
		this.executor = new Exec(config);
	}

	async view({ service: { namespace, name }, echo, clients }: Request): Promise<View> {
		const [nodes, service, own, dns, dnsServices, { spec }, proxies, placed] = await Promise.all([
			this.core.listNode(),
			this.service(namespace, name),
			this.endpoints(namespace, name),
			this.endpoints("kube-system", dnsService),
			this.core.listNamespacedService({ namespace: "kube-system", fieldSelector: `metadata.name=${dnsService}` }),
			this.apps.readNamespacedDeployment({ namespace, name: echo.deployment }),
			this.core.listNamespacedPod({ namespace: "kube-system", labelSelector: "k8s-app=kube-proxy" }),
			Promise.all(clients.map((client) => this.placed(client))),
		]);
		const wanted = spec?.replicas ?? 1;
		const dnsIp = dnsServices.items[0]?.spec?.clusterIP;
		const ready = own.endpoints.length;
		return {
			clients: placed.flatMap(({ clients }) => clients),
			nodes: nodes.items.map(toNode).sort(byRoleThenName),
			service,
			endpoints: own.endpoints,
			...(dnsIp && { dns: { clusterIp: dnsIp, endpoints: dns.endpoints } }),
			unsettled: [
				...(ready === wanted ? [] : [`${ready} of ${wanted} endpoints of ${name} are ready`]),
				...own.outdated,
				...dns.outdated,
				...placed.flatMap(({ unready }) => unready),
			],
			kubeProxies: new Map(proxies.items.map((pod) => [pod.spec?.nodeName ?? "", { exec: toExec(pod) }])),
		};
	}

	private async service(namespace: string, name: string): Promise<Service> {
		const service = toService(await this.core.readNamespacedService({ namespace, name }));
		if (service.nodePort > 0) return service;
		throw new Error(`Service ${namespace}/${name} has no nodePort: its type must be NodePort`);
	}

	/** A Service's ready endpoints. One that is not its pod's any more is outdated: slices follow pods with a delay. */
	private async endpoints(namespace: string, name: string): Promise<{ endpoints: Endpoint[]; outdated: string[] }> {
		const labelSelector = `kubernetes.io/service-name=${name}`;
		const [slices, pods] = await Promise.all([
			this.discovery.listNamespacedEndpointSlice({ namespace, labelSelector }),
			this.core.listNamespacedPod({ namespace }),
		]);
		const endpoints = slices.items.flatMap(toEndpoints);
		const readyIps = new Map(pods.items.filter(isReady).map((pod) => [pod.metadata?.name, pod.status?.podIP]));
		const outdated = endpoints.filter(({ pod, ip }) => readyIps.get(pod) !== ip);
		return { endpoints, outdated: outdated.map(({ pod, ip }) => `endpoint ${ip} is not that of a ready pod ${pod}`) };
	}

	private async placed(client: Client | ClientGroup): Promise<{ clients: PlacedClient[]; unready: string[] }> {
		if ("each" in client) {
			const { namespace, labels, container } = client.each;
			const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
			const pods = await this.core.listNamespacedPod({ namespace, labelSelector: selector.join(",") });
			const clients = pods.items.sort(byNodeThenName).map((pod) => ({
				name: (client.named === "node" ? pod.spec?.nodeName : pod.metadata?.name) ?? "",
				run: { exec: { ...toExec(pod), container } },
				get: client.get,
				place: toPlace(pod),
			}));
			return { clients, unready: pods.items.flatMap(whyUnready) };
		}
		if (!("exec" in client.run)) {
			return {
				clients: [{ ...client, place: { network: "outside", ...(client.ip && { ip: client.ip }) } }],
				unready: [],
			};
		}
		const { namespace, pod: name } = client.run.exec;
		const pod = await this.core.readNamespacedPod({ namespace, name });
		return { clients: [{ ...client, place: toPlace(pod) }], unready: whyUnready(pod) };
	}

	/** Runs a program where the runner says. Never rejects: what could not run, or not end in time, has code -1. */
	async run(runner: Runner, program: string[], seconds: number, dialogue?: Dialogue): Promise<Ran> {
		try {
			if ("exec" in runner) return await this.exec(runner.exec, program, seconds, dialogue);
			if (dialogue) throw new Error("only with a program in a pod one can talk while it runs");
			const [file = "", ...args] = [...runner.spawn, ...program];
			const { exitCode, stdout, stderr, shortMessage } = await execa(file, args, {
				reject: false,
				timeout: seconds * 1000,
			});
			return { code: exitCode ?? -1, stdout, stderr: stderr || (shortMessage ?? "") };
		} catch (error) {
			// A connection that could not be opened rejects with an event, which is no Error but has a message too.
			const { message } = error as { message?: string };
			return { code: -1, stdout: "", stderr: message ?? String(error) };
		}
	}

	private async exec(
		{ namespace, pod, container }: { namespace: string; pod: string; container: string },
		program: string[],
		seconds: number,
		dialogue?: Dialogue,
	): Promise<Ran> {
		const tell = () => dialogue?.onOutput(stdout.text + stderr.text);
		const stdout = new Collector(tell);
		const stderr = new Collector(tell);
		const stdin = dialogue?.stdin ?? null;
		const where = `pod ${namespace}/${pod}`;
		const abandon = new AbortController();
		const status = new Promise<V1Status>((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`no answer from ${where} within ${seconds} s`)), seconds * 1000);
			abandon.signal.addEventListener("abort", () => clearTimeout(timer));
			this.executor.exec(namespace, pod, container, program, stdout, stderr, stdin, false, resolve).then((socket) => {
				socket.onclose = () => reject(new Error(`the connection to ${where} was closed`));
				abandon.signal.addEventListener("abort", () => socket.close());
				if (abandon.signal.aborted) socket.close();
			}, reject);
		});
		try {
			return { code: exitCode(await status), stdout: stdout.text, stderr: stderr.text };
		} finally {
			abandon.abort();
		}
	}
}

/** Keeps what is written to it. */
class Collector extends Writable {
	private readonly chunks: Buffer[] = [];
	private readonly onMore: () => void;

	constructor(onMore: () => void) {
		super();
		this.onMore = onMore;
	}

	override _write(chunk: Buffer, _encoding: string, done: () => void): void {
		this.chunks.push(chunk);
		this.onMore();
		done();
	}

	get text(): string {
		return Buffer.concat(this.chunks).toString("utf8");
	}
}

/** The kubelet tells an exit code other than 0 as a cause of the status. */
function exitCode(status: V1Status): number {
	if (status.status === "Success") return 0;
	const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
	if (cause === undefined) throw new Error(status.message ?? "the program could not be run");
	return Number(cause.message);
}
