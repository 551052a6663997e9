/** Reads a live cluster, and changes nothing: lists, logs, and programs that only print. */
import {
	ApiException,
	CoreV1Api,
	DiscoveryV1Api,
	type KubeConfig,
	type KubernetesListObject,
	type KubernetesObject,
	NetworkingV1Api,
	VersionApi,
} from "@kubernetes/client-node";
import { redacted } from "../../lib/redaction.ts";
import { reasonOf } from "../apiErrors.ts";
import { Programs, type Ran } from "../exec.ts";
import { listAll, pageSize, within } from "../listing.ts";
import type { About, Answer, ClusterSource, Container, Query } from "./clusterSource.ts";
import { type Kind, type ObjectOf, reduced } from "./usedFields.ts";

/** How long the API server may take for one response. */
const answerSeconds = 15;

interface Page {
	limit: number;
	_continue?: string;
	labelSelector?: string;
	fieldSelector?: string;
}

type List = (page: Page, namespace: string | undefined) => Promise<KubernetesListObject<KubernetesObject>>;

/** @throws if the API server doesn't answer within a time limit, or doesn't accept the user */
export class LiveSource implements ClusterSource {
	private readonly config: KubeConfig;
	private readonly core: CoreV1Api;
	private readonly lists: Record<Kind, List>;
	private readonly programs: Programs;

	constructor(config: KubeConfig) {
		this.config = config;
		this.core = config.makeApiClient(CoreV1Api);
		this.lists = listsOf(config, this.core);
		this.programs = new Programs(config);
	}

	async about(): Promise<About> {
		const { name = "", server: url = "" } = this.config.getCurrentCluster() ?? {};
		const server = withoutUser(url);
		const asked = within(answerSeconds, this.config.makeApiClient(VersionApi).getCode());
		const { gitVersion } = await asked.catch((error: unknown) => {
			throw new Error(unreachable(name, server, error), { cause: error });
		});
		return { cluster: name, server, version: gitVersion };
	}

	async list<K extends Kind>(query: Query<K>): Promise<Answer<ObjectOf<K>[]>> {
		const { kind, namespace, name, labels, withHostPort } = query;
		const selected: Omit<Page, "limit"> = {
			...(labels !== undefined && { labelSelector: labels }),
			...(name !== undefined && { fieldSelector: `metadata.name=${name}` }),
		};
		const page = async (next: { _continue?: string }) => {
			const list = this.lists[kind]({ limit: pageSize, ...selected, ...next }, namespace);
			const { items, metadata } = await within(answerSeconds, list);
			const objects = items.map((object) => reduced(kind, object));
			return { items: withHostPort ? objects.filter(usesHostPort) : objects, ...(metadata && { metadata }) };
		};
		try {
			return { value: await listAll(page) };
		} catch (error) {
			return { refused: refusalOf(error) };
		}
	}

	async log({ namespace, pod, container }: Container, lines: number): Promise<Answer<string>> {
		try {
			const asked = this.core.readNamespacedPodLog({ namespace, name: pod, container, tailLines: lines });
			return { value: redacted(await within(answerSeconds, asked)) };
		} catch (error) {
			return { refused: refusalOf(error) };
		}
	}

	async run(container: Container, program: string[], seconds: number): Promise<Ran> {
		const ran = await this.programs.run({ exec: container }, program, seconds);
		return { ...ran, stderr: safe(ran.stderr) };
	}

	/** Nothing is remembered. */
	refresh(): void {}
}

/** A URL may contain a user and a password. */
function withoutUser(server: string): string {
	if (!URL.canParse(server)) return safe(server);
	const url = new URL(server);
	if (url.username === "" && url.password === "") return server;
	url.username = "";
	url.password = "";
	return url.href.replace(/\/$/, "");
}

/** A message without secrets, and without the user of a URL in it. */
const safe = (message: string): string => redacted(message).replace(/\/\/[^\s/]*@/g, "//");

function listsOf(config: KubeConfig, core: CoreV1Api): Record<Kind, List> {
	const discovery = config.makeApiClient(DiscoveryV1Api);
	const networking = config.makeApiClient(NetworkingV1Api);
	return {
		services: (page, namespace) =>
			namespace === undefined
				? core.listServiceForAllNamespaces(page)
				: core.listNamespacedService({ namespace, ...page }),
		endpointSlices: (page, namespace = "") => discovery.listNamespacedEndpointSlice({ namespace, ...page }),
		pods: (page, namespace) =>
			namespace === undefined ? core.listPodForAllNamespaces(page) : core.listNamespacedPod({ namespace, ...page }),
		nodes: (page) => core.listNode(page),
		networkPolicies: (page, namespace = "") => networking.listNamespacedNetworkPolicy({ namespace, ...page }),
		configMaps: (page, namespace = "") => core.listNamespacedConfigMap({ namespace, ...page }),
	};
}

const usesHostPort = (object: unknown): boolean =>
	((object as ObjectOf<"pods">).spec.containers ?? []).some(({ ports = [] }) =>
		ports.some(({ hostPort }) => hostPort !== undefined),
	);

function refusalOf(error: unknown) {
	if (!(error instanceof ApiException)) return { kind: "failed" as const, message: safe((error as Error).message) };
	const kind = error.code === 403 ? ("forbidden" as const) : ("failed" as const);
	return { kind, message: safe(reasonOf(error)) };
}

function unreachable(name: string, server: string, error: unknown): string {
	const code = error instanceof ApiException ? error.code : undefined;
	const why =
		code === 401
			? "doesn't accept the user of the kubeconfig (401)"
			: `doesn't answer (${error instanceof ApiException ? `${code}, ${safe(reasonOf(error))}` : safe((error as Error).message)})`;
	return `the API server of ${name} (${server}) ${why}; check: kubectl version`;
}
