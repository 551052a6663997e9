/** Questions, choices and measured values of the lesson in words. */
import type { Node } from "../../kubernetes/model.ts";
import type { Place } from "../../kubernetes/snapshot.ts";
import type { Subject, Value } from "../../verification/lesson/model.ts";

/** Whose addresses the values may contain. */
export interface Owners {
	nodes: readonly Pick<Node, "name" | "internalIp" | "podCidr">[];
	client: { name: string; place: Place };
	pods: readonly { name: string; ip: string }[];
}

export function questionText(subject: Subject): string {
	switch (subject.kind) {
		case "readyNodes":
			return "How many nodes are Ready?";
		case "podNode": {
			const selector = Object.entries(subject.nodeSelector).map(([key, value]) => `${key}: ${value}`);
			const which = selector.length > 0 ? `has the nodeSelector ${selector.join(", ")}` : "has no nodeSelector";
			return `The pod ${subject.pod} ${which}. On which node does it run?`;
		}
		case "endpoints":
			return `The Service ${subject.service} answers on ${subject.nodes} nodes. How many endpoints does it have?`;
		case "request":
			return requestText(subject);
		case "nodesWithRules":
			return `On how many nodes do rules for nodePort ${subject.nodePort} exist?`;
		case "destinationChain":
			return `A packet to ${subject.address} arrives at ${subject.node}. Which chain there rewrites its destination?`;
		case "rewrites":
			return `Which address of the packet to ${subject.address} do the rules of ${subject.node} rewrite?`;
		case "nodesPassed":
			return `${subject.client} calls the nodePort of ${subject.node}; the pod runs on ${subject.podNode}. On how many nodes do rules handle the packet?`;
		case "secondService":
			return `What does the API server do with a second Service on nodePort ${subject.nodePort}?`;
	}
}

function requestText(subject: Extract<Subject, { kind: "request" }>): string {
	const { of, client, clientIp, clientNode, address, node, target, policy } = subject;
	const who = `${client} (${clientIp} on ${clientNode})`;
	const where = {
		withoutPod: `${address}, the nodePort of ${node}`,
		podNode: `${address}, the nodePort of ${node}, where the pod runs`,
		dnsName: `${address}, the Service's DNS name`,
	};
	const change = policy === undefined ? "" : `externalTrafficPolicy becomes ${policy}. `;
	const question = of === "answer" ? "Which node's pod answers?" : "Which client IP does the pod see?";
	return `${change}${who} calls ${where[target]}. ${question}`;
}

export function lessonValueText(value: Value, owners: Owners): string {
	switch (value.kind) {
		case "count":
			return value.count === 1 ? `1 ${value.of.slice(0, -1)}` : `${value.count} ${value.of}`;
		case "node":
			return `a pod on ${value.node}`;
		case "noAnswer":
			return noAnswerText(value.outcome);
		case "address":
			return `${value.address}, ${ownerText(value.address, owners)}`;
		case "chain":
			return value.chain;
		case "rewrites":
			return rewritesText(value);
		case "admission":
			return value.accepted ? "it accepts the Service" : "it refuses the Service";
	}
}

const outcomes: Partial<Record<Extract<Value, { kind: "noAnswer" }>["outcome"], string>> = {
	timeout: "no pod: the request times out",
	refused: "no pod: the connection is refused",
	dns: "no pod: the name can't be resolved",
};

const noAnswerText = (outcome: Extract<Value, { kind: "noAnswer" }>["outcome"]): string =>
	outcomes[outcome] ?? "no pod: the request fails";

function rewritesText({ source, destination }: Extract<Value, { kind: "rewrites" }>): string {
	if (source && destination) return "source and destination";
	return source ? "the source" : destination ? "the destination" : "none";
}

/** Whose address it is. */
function ownerText(address: string, { nodes, client, pods }: Owners): string {
	if (address === client.place.ip) return `${client.name} itself`;
	const pod = pods.find(({ ip }) => ip === address);
	if (pod) return `the pod ${pod.name}`;
	const node = nodes.find(({ internalIp }) => internalIp === address);
	if (node) return `the node ${node.name}`;
	const host = nodes.find(({ podCidr }) => gatewayOf(podCidr) === address);
	return host ? `the node ${host.name} in its pod network` : "another address";
}

/** kind's network plugin gives the first address of the podCIDR to the node: "10.244.1.1". */
const gatewayOf = (podCidr: string): string => podCidr.replace(/0\/\d+$/, "1");
