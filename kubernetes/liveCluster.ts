/** A live cluster: its objects, and programs run in its pods or on this machine. */
import {
	AppsV1Api,
	CoreV1Api,
	DiscoveryV1Api,
	type KubeConfig,
	type V1EndpointSlice,
	type V1Pod,
	type V1Service,
} from "@kubernetes/client-node";
import pLimit from "p-limit";
import { withApiError } from "./apiErrors.ts";
import type { Client, ClientGroup, Existing, Runner } from "./clients.ts";
import { commandFor, type Dialogue, Programs, type Ran, restartProxyCommand } from "./exec.ts";
import { familiesOf, familyViews, missingEndpoints, nodePortsOf, outdatedEndpoints } from "./familyViews.ts";
import { type Access, loadAccess } from "./kubeAccess.ts";
import type { Node, Service } from "./model.ts";
import { byNodeThenName, byRoleThenName, toExec, toNode, toPlace, toService, whyUnready } from "./objects.ts";
import { type ClusterSnapshot, isReadyEndpoint, type PlacedClient, type SnapshotScope } from "./snapshot.ts";

/** Concurrent requests for single objects. */
const limit = pLimit(16);

/** The name that kubeadm and most others give it, also if another program than kube-dns serves it. */
const dnsService = "kube-dns";

export class Cluster {
	readonly access: Access;
	readonly config: KubeConfig;
	readonly core: CoreV1Api;
	readonly apps: AppsV1Api;
	readonly discovery: DiscoveryV1Api;
	private readonly programs: Programs;

	/** @throws if the kubeconfig doesn't exist or can't be read */
	constructor({ kubeconfig, context }: Access) {
		this.access = { kubeconfig, context };
		const config = load(this.access);
		this.config = config;
		this.core = config.makeApiClient(CoreV1Api);
		this.apps = config.makeApiClient(AppsV1Api);
		this.discovery = config.makeApiClient(DiscoveryV1Api);
		this.programs = new Programs(config);
	}

	/** Reads everything once, and returns the first view of it: see viewsOf. */
	async snapshot({ service: { namespace, name }, echo, clients, existing }: SnapshotScope): Promise<ClusterSnapshot> {
		const sample = existing?.sample?.nodes;
		const [nodes, service, own, dns, { spec }, proxies, readers, placed] = await Promise.all([
			this.nodes(sample),
			this.nodePortService(namespace, name),
			this.endpoints(namespace, name),
			this.dns(),
			withApiError(
				`Deployment ${namespace}/${echo.deployment}`,
				this.apps.readNamespacedDeployment({ namespace, name: echo.deployment }),
			),
			this.kubeProxies(sample),
			this.otherReaders(existing),
			Promise.all(clients.map((client) => this.placed(client, sample))),
		]);
		const dead = nodes.filter(({ ready }) => !ready).map(({ name }) => name);
		// Pods on a node that isn't Ready may never become ready: don't wait for them.
		const mayComeUp = ({ spec }: V1Pod) => !dead.includes(spec?.nodeName ?? "");
		const awaited = placed.flatMap(({ pods }) => pods).filter(mayComeUp);
		const views = familyViews({
			clients: placed.flatMap(({ clients }) => clients),
			nodes,
			service: toService(service),
			families: familiesOf(service),
			ports: nodePortsOf(service),
			slices: own.slices,
			...(dns && { dns }),
			kubeProxies: proxies,
			...(existing && { otherReaders: readers, foreignNetwork: true }),
		});
		const reasons = [
			...(dead.length > 0 ? [] : views.flatMap((view) => missingEndpoints(view, spec?.replicas ?? 1))),
			...views.flatMap(({ endpoints }) => outdatedEndpoints(endpoints, own.pods)),
			...views.flatMap((view) => outdatedEndpoints(view.dns?.endpoints ?? [], dns?.pods ?? [])),
			// One endpoint is enough. Without any pod, as when it is scaled to 0, there is nothing to wait for.
			...(dns?.pods.some((pod) => !pod.metadata?.deletionTimestamp && mayComeUp(pod)) &&
			views.some((view) => view.dns && !view.dns.endpoints.some(isReadyEndpoint))
				? ["the DNS Service has no ready endpoint yet"]
				: []),
			...awaited.flatMap(whyUnready),
		];
		const unsettled = [...new Set(reasons)];
		const [first, ...others] = views.map((view) => ({ ...view, unsettled }));
		if (!first) throw new Error(`Service ${namespace}/${name} has no address`);
		return { ...first, ...(others.length > 0 && { otherViews: others }) };
	}

	/** Control plane first. @param names of the nodes to read @default all */
	async nodes(names?: readonly string[]): Promise<Node[]> {
		const nodes = names
			? await limit.map(names, (name) => withApiError(`Node ${name}`, this.core.readNode({ name })))
			: (await withApiError("Nodes", this.core.listNode())).items;
		return nodes.map(toNode).sort(byRoleThenName);
	}

	async service(namespace: string, name: string): Promise<Service> {
		return toService(await this.nodePortService(namespace, name));
	}

	private async nodePortService(namespace: string, name: string): Promise<V1Service> {
		const read = this.core.readNamespacedService({ namespace, name });
		const service = await withApiError(`Service ${namespace}/${name}`, read);
		if (toService(service).nodePort > 0) return service;
		throw new Error(`Service ${namespace}/${name} has no nodePort: its type must be NodePort`);
	}

	/** The cluster's DNS Service; undefined if it isn't called kube-dns. */
	private async dns() {
		const [namespace, fieldSelector] = ["kube-system", `metadata.name=${dnsService}`];
		const services = await withApiError(
			`Service ${namespace}/${dnsService}`,
			this.core.listNamespacedService({ namespace, fieldSelector }),
		);
		const { clusterIP, clusterIPs = [clusterIP ?? ""], ports = [], selector } = services.items[0]?.spec ?? {};
		if (!clusterIP) return undefined;
		return { clusterIps: clusterIPs, ports, ...(await this.endpoints(namespace, dnsService, selector)) };
	}

	/** A Service's EndpointSlices and pods. */
	private async endpoints(
		namespace: string,
		name: string,
		labels: Record<string, string> = {},
	): Promise<{ slices: V1EndpointSlice[]; pods: V1Pod[] }> {
		const labelSelector = `kubernetes.io/service-name=${name}`;
		const slices = this.discovery.listNamespacedEndpointSlice({ namespace, labelSelector });
		const [{ items }, pods] = await Promise.all([
			withApiError(`EndpointSlices of ${name}`, slices),
			this.pods(namespace, labels),
		]);
		return { slices: items, pods };
	}

	/** By node: its kube-proxy pod. @param names of the nodes @default all */
	async kubeProxies(names?: readonly string[]): Promise<Map<string, Runner>> {
		const pods = (node?: string) => this.pods("kube-system", { "k8s-app": "kube-proxy" }, node);
		return byNode(names ? (await limit.map(names, pods)).flat() : await pods());
	}

	/** By node: the pod in which its rules are read if it runs no kube-proxy pod. */
	async otherReaders({ readers }: Existing = {}): Promise<Map<string, Runner> | undefined> {
		return readers && byNode(await this.pods(readers.namespace, readers.labels));
	}

	/** The pods with all of these labels. @param node only those on this node */
	async pods(namespace: string, labels: Record<string, string> = {}, node?: string): Promise<V1Pod[]> {
		const labelSelector = Object.entries(labels)
			.map(([key, value]) => `${key}=${value}`)
			.join(",");
		const on = node !== undefined && { fieldSelector: `spec.nodeName=${node}` };
		const list = this.core.listNamespacedPod({ namespace, labelSelector, ...on });
		return (await withApiError(`Pods in ${namespace}`, list)).items;
	}

	/** The client, or the group's clients on these nodes, and their pods. */
	private async placed(
		client: Client | ClientGroup,
		names?: readonly string[],
	): Promise<{ clients: PlacedClient[]; pods: V1Pod[] }> {
		if ("each" in client) {
			const { namespace, labels, container } = client.each;
			const isIncluded = ({ spec }: V1Pod) => names === undefined || names.includes(spec?.nodeName ?? "");
			const pods = (await this.pods(namespace, labels)).filter(isIncluded).sort(byNodeThenName);
			const clients = pods.map((pod) => ({
				name: (client.named === "node" ? pod.spec?.nodeName : pod.metadata?.name) ?? "",
				run: { exec: { ...toExec(pod), container } },
				get: client.get,
				...(client.getByUdp && { getByUdp: client.getByUdp }),
				place: toPlace(pod),
			}));
			return { clients, pods };
		}
		if (!("exec" in client.run)) {
			const { ip, ips } = client;
			const place = { network: "outside" as const, ...(ip && { ip }), ...(ips && { ips }) };
			return { clients: [{ ...client, place }], pods: [] };
		}
		const { namespace, pod: name } = client.run.exec;
		const pod = await withApiError(`Pod ${namespace}/${name}`, this.core.readNamespacedPod({ namespace, name }));
		return { clients: [{ ...client, place: toPlace(pod) }], pods: [pod] };
	}

	/** The command that runs the program there by hand. */
	commandFor(runner: Runner, program: string[]): string[] {
		return commandFor(this.access, runner, program);
	}

	/** The command that restarts a node's kube-proxy; undefined if no pod of it is known. */
	restartProxyCommand(proxy: Runner | undefined): string[] | undefined {
		return restartProxyCommand(this.access, proxy);
	}

	/** Never rejects: a program that couldn't run or didn't end in time has code -1. */
	run(runner: Runner, program: string[], seconds: number, dialogue?: Dialogue): Promise<Ran> {
		return this.programs.run(runner, program, seconds, dialogue);
	}
}

/** By node: how to run a program in its pod. */
const byNode = (pods: V1Pod[]): Map<string, Runner> =>
	new Map(pods.map((pod) => [pod.spec?.nodeName ?? "", { exec: toExec(pod) }]));

function load(access: Access): KubeConfig {
	try {
		return loadAccess(access);
	} catch (error) {
		const { message } = error as Error;
		// Only a user's own kubeconfig has a context: `npm start` rewrites the lab's.
		if (access.context !== undefined)
			throw new Error(`${message}; fix: pulumi config set kubeconfig <path>, or context <name>, and npm start`, {
				cause: error,
			});
		const down = message === `${access.kubeconfig} doesn't exist` ? ": the lab isn't up" : "";
		throw new Error(`${message}${down}; fix: npm start`, { cause: error });
	}
}
