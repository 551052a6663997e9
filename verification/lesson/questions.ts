/** The questions of the lesson about objects and rules: each is answered by the lab itself. */
import { ApiException } from "@kubernetes/client-node";
import { reasonOf, withApiError } from "../../kubernetes/apiErrors.ts";
import { kubectlCommand } from "../../kubernetes/kubeAccess.ts";
import { findPod } from "../../kubernetes/namedObjects.ts";
import { isReadyEndpoint } from "../../kubernetes/snapshot.ts";
import type { LabSnapshot } from "../experiments/support/labSnapshot.ts";
import type { Fault, Measured, Subject, Value } from "./model.ts";
import { pathOn } from "./pathOnNode.ts";
import { entryOf } from "./requests.ts";

export interface Asked {
	subject: Subject;
	choices: Value[];
}

export interface Question {
	/** The progress refers to the question by it. */
	name: string;
	/** What is broken while the answer is measured. */
	during?: Fault["kind"];
	ask(snapshot: LabSnapshot): Promise<Asked>;
	/** @param snapshot the lab while the answer is measured */
	measure(snapshot: LabSnapshot): Promise<Measured>;
}

/** Each value once. */
export const unique = (values: readonly Value[]): Value[] => [
	...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];

type Counted = Extract<Value, { kind: "count" }>["of"];

const counts = (of: Counted, ...all: number[]): Value[] =>
	unique(all.sort((one, other) => one - other).map((count) => ({ kind: "count", of, count })));

export const readyNodes: Question = {
	name: "ready-nodes",
	ask: async ({ objects: { nodes }, workers }) => ({
		subject: { kind: "readyNodes" },
		choices: counts("nodes", 1, workers.length, nodes.length, nodes.length + 1),
	}),
	async measure({ cluster }) {
		const ready = (await cluster.nodes()).filter(({ ready }) => ready);
		const command = kubectlCommand(cluster.access, "get", "nodes", "-o", "wide");
		return { value: { kind: "count", of: "nodes", count: ready.length }, command };
	},
};

/** The first pod of the Service, as the API has it now. */
async function podOf({ cluster, objects }: LabSnapshot) {
	const [endpoint] = objects.endpoints.filter(isReadyEndpoint);
	const { namespace } = objects.service;
	const pod = endpoint && (await findPod(cluster, namespace, endpoint.pod));
	if (!pod) throw new Error(`Service ${namespace}/${objects.service.name} has no ready pod; fix: npm start`);
	return pod;
}

export const podNode: Question = {
	name: "pod-node",
	async ask(snapshot) {
		const { metadata, spec } = await podOf(snapshot);
		const choices = snapshot.objects.nodes.map(({ name }): Value => ({ kind: "node", node: name }));
		const nodeSelector = spec?.nodeSelector ?? {};
		return { subject: { kind: "podNode", pod: metadata?.name ?? "", nodeSelector }, choices };
	},
	async measure(snapshot) {
		const { metadata, spec } = await podOf(snapshot);
		const pod = ["get", "pod", "-n", metadata?.namespace ?? "", metadata?.name ?? "", "-o", "wide"];
		const command = kubectlCommand(snapshot.cluster.access, ...pod);
		return { value: { kind: "node", node: spec?.nodeName ?? "" }, command };
	},
};

export const endpoints: Question = {
	name: "endpoints",
	ask: async ({ objects: { nodes, service, endpoints }, workers }) => ({
		subject: { kind: "endpoints", service: service.name, nodes: nodes.length },
		choices: counts("endpoints", 0, endpoints.length, workers.length, nodes.length),
	}),
	async measure({ cluster, objects: { service, endpoints } }) {
		const selected = ["-l", `kubernetes.io/service-name=${service.name}`];
		const list = ["get", "endpointslices", "-n", service.namespace, ...selected];
		const command = kubectlCommand(cluster.access, ...list);
		return { value: { kind: "count", of: "endpoints", count: endpoints.filter(isReadyEndpoint).length }, command };
	},
};

export const nodesWithRules: Question = {
	name: "nodes-with-rules",
	ask: async ({ objects: { nodes, service }, workers }) => ({
		subject: { kind: "nodesWithRules", nodePort: service.nodePort },
		choices: counts("nodes", 1, workers.length, nodes.length),
	}),
	async measure(snapshot) {
		const { objects, cluster } = snapshot;
		const withRules = objects.nodes.filter(({ name }) => snapshot.rulesOn(name).length > 0);
		const entry = entryOf(snapshot).name;
		const proxy = objects.kubeProxies.get(entry);
		const isNft = snapshot.proxyMode === "nftables";
		const list = isNft ? ["nft", "list", "table", "ip", "kube-proxy"] : ["iptables-save", "-t", "nat"];
		return {
			value: { kind: "count", of: "nodes", count: withRules.length },
			...(proxy && { command: cluster.commandFor(proxy, list) }),
			quoted: snapshot.rulesOn(entry),
		};
	},
};

export const destinationChain: Question = {
	name: "destination-chain",
	async ask(snapshot) {
		const { node, address, hops } = pathOn(snapshot, entryOf(snapshot));
		const chains = [...new Set(hops.map(({ chain }) => chain))];
		const choices = chains.map((chain): Value => ({ kind: "chain", chain }));
		return { subject: { kind: "destinationChain", node, address }, choices };
	},
	async measure(snapshot) {
		const { hops, journey } = pathOn(snapshot, entryOf(snapshot));
		const chain = hops.find(({ effect }) => effect === "dnat")?.chain ?? "";
		return { value: { kind: "chain", chain }, journey };
	},
};

export const rewrites: Question = {
	name: "rewrites",
	async ask(snapshot) {
		const { node, address } = pathOn(snapshot, entryOf(snapshot));
		const choices = [false, true].flatMap((source) =>
			[false, true].map((destination): Value => ({ kind: "rewrites", source, destination })),
		);
		return { subject: { kind: "rewrites", node, address }, choices };
	},
	async measure(snapshot) {
		const { hops, journey } = pathOn(snapshot, entryOf(snapshot));
		const has = (...effects: string[]) => hops.some(({ effect }) => effects.includes(effect));
		return {
			value: { kind: "rewrites", source: has("masquerade", "snat"), destination: has("dnat") },
			journey,
		};
	},
};

export const nodesPassed: Question = {
	name: "nodes-passed",
	ask: async (snapshot) => ({
		subject: {
			kind: "nodesPassed",
			client: snapshot.inside.name,
			node: entryOf(snapshot).name,
			podNode: snapshot.host.name,
		},
		choices: counts("nodes", 1, 2, 3, 4),
	}),
	async measure(snapshot) {
		const { legs, journey } = pathOn(snapshot, entryOf(snapshot));
		return { value: { kind: "count", of: "nodes", count: new Set(legs.map(({ node }) => node)).size }, journey };
	},
};

export const secondService: Question = {
	name: "second-service",
	ask: async ({ objects: { service } }) => ({
		subject: { kind: "secondService", nodePort: service.nodePort },
		choices: [true, false].map((accepted): Value => ({ kind: "admission", accepted })),
	}),
	async measure({ cluster, objects: { service } }) {
		const { namespace, port, nodePort } = service;
		const body = {
			metadata: { name: `${service.name}-second` },
			spec: { type: "NodePort", selector: { app: "second" }, ports: [{ port, nodePort }] },
		};
		// The API server checks it as any other, and stores nothing.
		const creation = cluster.core.createNamespacedService({ namespace, body, dryRun: "All" });
		return creation.then(
			() => ({ value: { kind: "admission", accepted: true } }),
			(error: unknown) => {
				const isRefused = error instanceof ApiException && error.code === 422;
				if (!isRefused) return withApiError(`Service ${namespace}/${body.metadata.name}`, Promise.reject(error));
				return { value: { kind: "admission", accepted: false }, quoted: [reasonOf(error)] };
			},
		);
	},
};
