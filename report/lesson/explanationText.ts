/** Why the measured value is what it is, in a sentence. */
import { nodePorts } from "../../config/nodePorts.ts";
import type { Measured, Subject, Value } from "../../verification/lesson/model.ts";
import { lessonValueText, type Owners } from "./questionText.ts";

export function explanationText(subject: Subject, { value }: Measured, owners: Owners): string {
	switch (subject.kind) {
		case "readyNodes":
			return "The control plane is a node too: it also runs kube-proxy, so it also answers on nodePorts.";
		case "podNode":
			return Object.keys(subject.nodeSelector).length > 0
				? "The scheduler chooses only among nodes with this label. If that node stops, the pod can't run elsewhere."
				: "Without a nodeSelector, the scheduler chooses any node with enough room.";
		case "endpoints":
			return "An endpoint is a ready pod, not a node. Every node has a nodePort, and all of them lead to these endpoints.";
		case "request":
			return requestWhy(subject, value, owners);
		case "nodesWithRules":
			return "kube-proxy on each node writes rules for each Service, no matter where its pods run.";
		case "destinationChain":
			return "There is one such chain for each endpoint. After DNAT the packet goes to the pod's own address and port.";
		case "rewrites":
			return (
				"The source is rewritten to an address of this node, so that the pod's reply comes back here, where the " +
				"rewrites are reversed. The price: the pod doesn't see the client."
			);
		case "nodesPassed":
			return "The client's node, the node that was called, and the pod's node can be three different ones: a second hop.";
		case "secondService":
			return `A nodePort belongs to one Service in the whole cluster, and there are only ${nodePorts.last - nodePorts.first + 1} of them.`;
	}
}

function requestWhy({ of, target, policy, clientIp }: Request, value: Value, owners: Owners): string {
	if (policy === "Local") {
		return value.kind === "noAnswer"
			? "With policy Local a node sends requests only to its own pods. This node has none, and drops the packet."
			: "With policy Local a node sends requests from outside only to its own pods.";
	}
	if (of === "answer") return "Each node forwards its nodePort to any endpoint of the Service, also on another node.";
	const seen = lessonValueText(value, owners);
	if (value.kind !== "address") return "The request got no answer.";
	if (value.address === clientIp) {
		const how = target === "dnsName" ? "The ClusterIP is rewritten on the client's own node; the" : "The";
		return `${how} source stays as it is, so the pod sees ${seen}.`;
	}
	return `The source is rewritten (masquerade), so the pod sees ${seen}. The client's own address, ${clientIp}, is lost.`;
}

type Request = Extract<Subject, { kind: "request" }>;
