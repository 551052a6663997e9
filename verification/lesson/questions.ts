/** The questions of the lesson: each is answered by the lab itself. */
import { ApiException } from "@kubernetes/client-node";
import { reasonOf, withApiError } from "../../kubernetes/apiErrors.ts";
import { kubectlCommand } from "../../kubernetes/kubeAccess.ts";
import type { Node } from "../../kubernetes/model.ts";
import { findPod } from "../../kubernetes/namedObjects.ts";
import { isReadyEndpoint } from "../../kubernetes/snapshot.ts";
import type { LabSnapshot } from "../experiments/support/labSnapshot.ts";
import type { Fault, Measured, Subject, Value } from "./model.ts";
import { pathOn } from "./pathOnNode.ts";
import { aspectOf, dnsAddress, entryOf, measureAspect } from "./requests.ts";

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

const unique = (values: readonly Value[]): Value[] => [
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

type Target = Extract<Subject, { kind: "request" }>["target"];

function targetOf(snapshot: LabSnapshot, target: Target): { address: string; node?: Node } {
	if (target === "dnsName") return { address: dnsAddress(snapshot) };
	const node = target === "podNode" ? snapshot.host : entryOf(snapshot);
	return { address: snapshot.addressOf(node), node };
}

/** A request of the client pod: who answers, or whom the pod sees. */
function request(
	name: string,
	of: "answer" | "clientIp",
	target: Target,
	during?: Extract<Fault["kind"], "localPolicy">,
): Question {
	return {
		name,
		...(during && { during }),
		async ask(snapshot) {
			const { address, node } = targetOf(snapshot, target);
			const { name: client, place } = snapshot.inside;
			const subject: Subject = {
				kind: "request",
				of,
				client,
				clientIp: place.ip ?? "",
				clientNode: place.node ?? "",
				address,
				...(node && { node: node.name }),
				target,
				...(during && { policy: "Local" as const }),
			};
			return { subject, choices: of === "answer" ? answers(snapshot) : clientIps(snapshot, address, node) };
		},
		measure: (snapshot) => measureAspect(snapshot, targetOf(snapshot, target).address, of),
	};
}

const noAnswers: Value[] = [
	{ kind: "noAnswer", outcome: "timeout" },
	{ kind: "noAnswer", outcome: "refused" },
];

const answers = ({ objects: { nodes } }: LabSnapshot): Value[] => [
	...nodes.map(({ name }): Value => ({ kind: "node", node: name })),
	...noAnswers,
];

/** The addresses of everybody who handles the packet, and the one that the rules predict. */
function clientIps(snapshot: LabSnapshot, address: string, node: Node | undefined): Value[] {
	const { inside, objects, host } = snapshot;
	const clientNode = objects.nodes.find(({ name }) => name === inside.place.node);
	const involved = [inside.place.ip, clientNode?.internalIp, node?.internalIp, host.internalIp];
	const predicted = snapshot.predict(inside, address).map((result) => aspectOf(result, "clientIp"));
	const addresses = involved.flatMap((ip): Value[] => (ip === undefined ? [] : [{ kind: "address", address: ip }]));
	const compare = new Intl.Collator("en", { numeric: true }).compare;
	return unique([...addresses, ...predicted]).sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)));
}

export const whoAnswers = request("who-answers", "answer", "withoutPod");
export const seenThroughOther = request("client-ip", "clientIp", "withoutPod");
export const seenThroughOwn = request("client-ip-own-node", "clientIp", "podNode");
export const seenThroughDns = request("client-ip-cluster-ip", "clientIp", "dnsName");
export const underLocal = request("policy-local", "answer", "withoutPod", "localPolicy");

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
