/** The objects of the cluster that test/fixtures/trace was captured from, as a source that answers from memory. */
import type { Ran } from "../../../../kubernetes/exec.ts";
import type {
	About,
	Answer,
	ClusterSource,
	Container,
	Query,
	Refusal,
} from "../../../../kubernetes/source/clusterSource.ts";
import { type Kind, type ObjectOf, reduced } from "../../../../kubernetes/source/usedFields.ts";
import { diagnose } from "../../../../verification/diagnosis/diagnosis.ts";
import { readDiagnosis } from "../../../../verification/diagnosis/readDiagnosis.ts";
import { fixture } from "../trace/traceLab.ts";

/** By kind, the objects of the cluster as the API writes them. */
export type Objects = Record<Kind, object[]>;

const ready = (status = "True") => [{ type: "Ready", status }];

const nodes: [name: string, host: number, pods: number][] = [
	["nodeport-control-plane", 7, 0],
	["nodeport-worker", 8, 1],
	["nodeport-worker2", 9, 2],
	["nodeport-worker3", 6, 3],
];

export const nodeObject = (name: string, host: number, pods: number) => ({
	metadata: {
		name,
		labels: {
			"kubernetes.io/os": "linux",
			...(name.endsWith("control-plane") && { "node-role.kubernetes.io/control-plane": "" }),
		},
	},
	spec: {
		podCIDR: `10.244.${pods}.0/24`,
		podCIDRs: [`10.244.${pods}.0/24`],
		providerID: `kind://docker/nodeport/${name}`,
	},
	status: {
		conditions: ready(),
		addresses: [{ type: "InternalIP", address: `172.18.0.${host}` }],
		nodeInfo: {
			kubeletVersion: "v1.36.3",
			osImage: "Debian GNU/Linux 12 (bookworm)",
			kernelVersion: "6.18",
			containerRuntimeVersion: "containerd://2.3.6",
		},
	},
});

export const podObject = (name: string, nodeName: string, podIP: string, labels: Record<string, string>) => ({
	metadata: { name, namespace: "default", labels },
	spec: {
		nodeName,
		containers: [{ name: "echo", ports: [{ name: "http", containerPort: 8080, protocol: "TCP" }] }],
	},
	status: {
		phase: "Running",
		podIP,
		conditions: ready(),
		containerStatuses: [{ name: "echo", ready: true, started: true, restartCount: 0, state: { running: {} } }],
	},
});

const systemPod = (name: string, nodeName: string, labels: Record<string, string>) => {
	const pod = podObject(name, nodeName, "", labels);
	return {
		...pod,
		metadata: { ...pod.metadata, namespace: "kube-system" },
		spec: { nodeName, hostNetwork: true, containers: [{ name: "main" }] },
	};
};

const serviceObject = (
	name: string,
	clusterIP: string,
	nodePort: number,
	app: string,
	externalTrafficPolicy = "Cluster",
) => ({
	metadata: { name, namespace: "default" },
	spec: {
		type: "NodePort",
		selector: { app },
		clusterIP,
		clusterIPs: [clusterIP],
		ipFamilies: ["IPv4"],
		externalTrafficPolicy,
		internalTrafficPolicy: "Cluster",
		sessionAffinity: "None",
		ports: [{ name: "echo", protocol: "TCP", port: 8080, targetPort: 8080, nodePort }],
	},
	status: { loadBalancer: {} },
});

export const sliceObject = (service: string, pods: ReturnType<typeof podObject>[], isReady = true) => ({
	metadata: { name: `${service}-abcde`, namespace: "default", labels: { "kubernetes.io/service-name": service } },
	addressType: "IPv4",
	endpoints: pods.map(({ metadata, spec, status }) => ({
		addresses: [status.podIP],
		conditions: { ready: isReady, serving: isReady, terminating: false },
		nodeName: spec.nodeName,
		targetRef: { kind: "Pod", name: metadata.name },
	})),
	ports: [{ name: "echo", protocol: "TCP", port: 8080 }],
});

const app1 = podObject("app1-6666c77bf5-p5nfg", "nodeport-worker", "10.244.1.10", { app: "app1" });
export const traceApps = [
	podObject("trace-app-98b6d997b-5lkgn", "nodeport-worker", "10.244.1.11", { app: "trace-app" }),
	podObject("trace-app-98b6d997b-j4wp4", "nodeport-worker3", "10.244.3.3", { app: "trace-app" }),
];

/** A fresh copy, for a test to change. */
export const labObjects = (): Objects => structuredClone(all);

const all: Objects = {
	services: [
		serviceObject("nodeport-service", "10.96.132.81", 30040, "app1"),
		serviceObject("trace-cluster", "10.96.65.244", 30042, "trace-app"),
		serviceObject("trace-local", "10.96.245.102", 30043, "trace-app", "Local"),
		serviceObject("trace-empty", "10.96.96.156", 30044, "nothing"),
	],
	endpointSlices: [
		sliceObject("nodeport-service", [app1]),
		sliceObject("trace-cluster", traceApps),
		sliceObject("trace-local", traceApps),
		sliceObject("trace-empty", []),
	],
	pods: [
		app1,
		...traceApps,
		podObject("dnsutils", "nodeport-worker3", "10.244.3.2", { app: "dnsutils" }),
		...nodes.flatMap(([name]) => [
			systemPod(`kube-proxy-${name}`, name, { "k8s-app": "kube-proxy" }),
			systemPod(`kindnet-${name}`, name, { app: "kindnet" }),
		]),
	],
	nodes: nodes.map((node) => nodeObject(...node)),
	networkPolicies: [],
	configMaps: [
		{
			metadata: { name: "kube-proxy", namespace: "kube-system" },
			data: { "config.conf": "kind: KubeProxyConfiguration\nmode: iptables\nnodePortAddresses: null\n" },
		},
	],
};

/** Changes one object in place, such as a Service. */
export function objectNamed<
	T = { spec: Record<string, unknown>; metadata: Record<string, unknown>; status: Record<string, unknown> },
>(objects: Objects, kind: Kind, name: string): T {
	const found = objects[kind].find((object) => (object as { metadata: { name: string } }).metadata.name === name);
	if (!found) throw new Error(`no ${kind} ${name}`);
	return found as T;
}

interface Changes {
	/** By kind, why it can't be listed. */
	refused?: Partial<Record<Kind, Refusal>>;
	/** By node, what its kube-proxy logs. */
	logs?: Record<string, string>;
	/** Changes what a program prints on a node; undefined: as captured. */
	run?: (node: string, program: string[]) => Ran | undefined;
	/** Answers what `run` leaves undefined. */
	runHere?: (program: string[]) => Promise<Ran>;
}

export class MemorySource implements ClusterSource {
	protected readonly objects: Objects;
	private readonly changes: Changes;
	readonly asked: string[] = [];

	constructor(objects: Objects, changes: Changes = {}) {
		this.objects = structuredClone(objects);
		this.changes = changes;
	}

	async about(): Promise<About> {
		return { cluster: "kind-nodeport", server: "https://127.0.0.1:6443", version: "v1.36.3" };
	}

	async list<K extends Kind>(query: Query<K>): Promise<Answer<ObjectOf<K>[]>> {
		this.asked.push(`${query.kind} ${query.namespace ?? ""}`);
		const refused = this.changes.refused?.[query.kind];
		if (refused) return { refused };
		const objects = this.objects[query.kind].map((object) => reduced(query.kind, object));
		return { value: objects.filter((object) => isAskedFor(query, object)) };
	}

	async log({ pod }: Container): Promise<Answer<string>> {
		return { value: this.changes.logs?.[pod.replace("kube-proxy-", "")] ?? "" };
	}

	async run({ pod }: Container, program: string[]): Promise<Ran> {
		const node = pod.replace("kube-proxy-", "");
		const changed = this.changes.run?.(node, program);
		if (changed) return changed;
		if (this.changes.runHere) return this.changes.runHere(program);
		if (program.join(" ") === "iptables-save -c") {
			return { code: 0, stdout: fixture(`${node}.iptables.txt`), stderr: "" };
		}
		// As on a node that has no other rules.
		if (program[0] === "nft") return { code: 0, stdout: '{"nftables": []}', stderr: "" };
		if (/^iptables-(nft|legacy)-save/.test(program[0] ?? "")) return { code: 0, stdout: "", stderr: "" };
		if (program[0] === "sh") return { code: 0, stdout: "", stderr: "" };
		return { code: 127, stdout: "", stderr: `${program[0]}: not found` };
	}
}

function isAskedFor({ namespace, name, labels, withHostPort }: Query, object: ObjectOf<Kind>): boolean {
	const { metadata } = object;
	const wanted = (labels ?? "").split(",").filter((label) => label !== "");
	if (withHostPort && !JSON.stringify(object).includes("hostPort")) return false;
	return (
		(namespace === undefined || metadata.namespace === namespace) &&
		(name === undefined || metadata.name === name) &&
		wanted.every((label) => {
			const [key = "", value] = label.split("=");
			return metadata.labels?.[key] === value;
		})
	);
}

/** What a diagnosis of the changed lab finds. */
export async function findingsOf(
	change: (objects: Objects) => void,
	{ name = "nodeport-service", logs = {} }: { name?: string; logs?: Record<string, string> } = {},
) {
	const objects = labObjects();
	change(objects);
	return diagnose(await readDiagnosis(new MemorySource(objects, { logs }), { namespace: "default", name })).findings;
}
