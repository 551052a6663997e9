/** A finding of a diagnosis in words: what happened, what was found, and the fix. */
import type { DiagnosisFinding, FindingOf } from "../../../verification/diagnosis/diagnosisFinding.ts";
import { familyName } from "../../views/viewText.ts";
import { type FindingWords, nodeNames, portText } from "./findingWords.ts";
import { unreadyPodText } from "./podReasonText.ts";
import { otherProxyText, proxyText, unusableText } from "./proxyFindingText.ts";
import { foreignRuleText, nodeRulesText, probeText } from "./ruleFindingText.ts";

export function findingWords(finding: DiagnosisFinding): FindingWords {
	switch (finding.kind) {
		case "selectorMatchesNothing":
			return selectorText(finding);
		case "noReadyEndpoint":
			return { title: "no pod is a ready endpoint", evidence: finding.pods.map(unreadyPodText) };
		case "noEndpointObjects":
			return {
				title: "the Service has no selector and no endpoints",
				evidence: ["no EndpointSlice with its label kubernetes.io/service-name has an endpoint"],
				advice: "add a selector to the Service, or create an EndpointSlice for it",
			};
		case "slicePort":
			return slicePortText(finding);
		case "targetPort":
			return targetPortText(finding);
		case "notListening":
			return notListeningText(finding);
		case "localWithoutPod":
			return localText(finding);
		case "nodeNotReady":
			return nodeText(finding);
		case "proxyNotRunning":
			return proxyText(finding);
		case "proxyMissing":
			return {
				title: `no kube-proxy pod runs on ${nodeNames(finding.nodes)}`,
				evidence: ["other nodes have one; without it nothing updates the rules for Services"],
				advice: "check the node selector and the tolerations of DaemonSet kube-system/kube-proxy",
			};
		case "proxyFailing":
			return {
				title: `kube-proxy on ${finding.node} fails to write its rules`,
				evidence: [`its log: ${finding.logLine}`],
			};
		case "otherProxy":
			return otherProxyText(finding);
		case "unusableRules":
			return unusableText(finding);
		case "leftoverRules":
			return {
				title: `${nodeNames(finding.nodes)} still ${finding.nodes.length === 1 ? "has" : "have"} rules of an earlier kube-proxy`,
				evidence: [`chain ${finding.chain} of ${finding.backend}; the kernel evaluates them next to the current ones`],
				advice: "on the node: kube-proxy --cleanup with the back end that wrote them, or restart the node",
			};
		case "nodeRules":
			return nodeRulesText(finding);
		case "foreignRule":
			return foreignRuleText(finding);
		case "sysctl":
			return sysctlText(finding);
		case "nodePortAddresses":
			return {
				title: `kube-proxy doesn't serve nodePorts on ${nodeNames(finding.nodes)}`,
				evidence: [`its nodePortAddresses (${finding.addresses.join(", ")}) contain no address of these nodes`],
				advice: "change nodePortAddresses in ConfigMap kube-system/kube-proxy, then restart its pods",
			};
		case "hostPort":
			return {
				title: `a pod uses nodePort ${finding.port}/${finding.protocol} as its hostPort`,
				evidence: finding.pods.map(({ pod, node }) => `pod ${pod}${node === undefined ? "" : ` on ${node}`}`),
				advice: "use another nodePort, or another hostPort: on that node only one of them gets the packets",
			};
		case "loadBalancerPending": {
			const { loadBalancerClass } = finding;
			const which = loadBalancerClass === undefined ? "" : ` of class ${loadBalancerClass}`;
			return {
				title: "the load balancer has no address yet",
				evidence: [`no load balancer controller${which} has written one into the Service's status`],
				advice: "check that the cluster has a load balancer controller; the nodePorts work without it",
			};
		}
		case "sourceRanges":
			return sourceRangesText(finding);
		case "unreadyPods":
			return {
				title: `${finding.pods.length} of the Service's pods aren't ready; ${finding.ready} ${finding.ready === 1 ? "is" : "are"} ready`,
				evidence: finding.pods.map(unreadyPodText),
			};
		case "networkPolicies":
			return {
				title: `NetworkPolicies select the pods: ${finding.policies.join(", ")}`,
				evidence: ["nodeport-lab doesn't evaluate them; clients that they block time out"],
			};
		case "staleConntrack":
			return {
				title: `conntrack on ${finding.node} sends known UDP clients to pods that are gone`,
				evidence: finding.entries.map(({ client, to }) => `${client} -> ${to}, which isn't an endpoint`),
				advice: "on the node: conntrack -D -p udp --orig-port-dst <port>; entries without packets expire by themselves",
			};
		case "probe":
			return probeText(finding);
	}
}

function selectorText({ selector, pods, nearest }: FindingOf<"selectorMatchesNothing">): FindingWords {
	const wanted = Object.entries(selector).map(([key, value]) => `${key}=${value}`);
	const title = `the selector ${wanted.join(",")} matches no pod`;
	if (!nearest) {
		const evidence =
			pods === 0 ? "the namespace has no pods" : `none of the ${pods} pods in the namespace resembles it`;
		return { title, evidence: [evidence], advice: "create pods with these labels, or correct the selector" };
	}
	const { key, expected, found, foundKey } = nearest;
	const has =
		foundKey !== undefined ? `${foundKey}=${expected}` : found !== undefined ? `${key}=${found}` : `no label ${key}`;
	const [first = "", ...others] = nearest.pods;
	const who = others.length === 0 ? `pod ${first} has` : `${nearest.pods.length} pods, such as ${first}, have`;
	return { title, evidence: [`${who} ${has} instead of ${key}=${expected}`] };
}

function slicePortText({ port, found }: FindingOf<"slicePort">): FindingWords {
	const ports = found.map(({ name, port, protocol }) => `${name === "" ? "unnamed" : name} (${port}/${protocol})`);
	return {
		title: `${portText(port)}: no EndpointSlice of the Service has a port of this name and protocol`,
		evidence: [`ports of its EndpointSlices: ${ports.length === 0 ? "none" : ports.join(", ")}`],
		advice: "give the port in the EndpointSlice the name of the Service's port: kube-proxy matches them by name",
	};
}

function targetPortText({ port, targetPort, declared, pods }: FindingOf<"targetPort">): FindingWords {
	const isNamed = typeof targetPort === "string";
	const title = pods
		? `${portText(port)}: pods ${nodeNames(pods)} declare no targetPort ${targetPort}/${port.protocol}; other pods do`
		: isNamed
			? `${portText(port)}: no container port is named ${targetPort}, so this port has no endpoint`
			: `${portText(port)}: no container declares targetPort ${targetPort}/${port.protocol}`;
	const ports = declared.map(
		({ container, name, port, protocol }) =>
			`${container} ${port}/${protocol}${name === undefined ? "" : ` (${name})`}`,
	);
	const listed =
		ports.length === 0 ? "the pods' containers declare no ports" : `declared by containers: ${ports.join(", ")}`;
	const doubt = isNamed ? [] : ["a container may listen on a port that it doesn't declare"];
	return { title, evidence: [listed, ...doubt] };
}

function notListeningText({
	pod,
	port,
	protocol,
	family,
	loopbackOnly,
	listening,
}: FindingOf<"notListening">): FindingWords {
	const over = family === undefined ? "" : ` over ${familyName(family)}`;
	const where = `${port}/${protocol}${over} in pod ${pod}`;
	if (loopbackOnly) {
		return {
			title: `pod ${pod} listens on ${port}/${protocol}${over} only on its loopback address`,
			evidence: ["packets for the pod's address are refused"],
			advice: "make the process listen on 0.0.0.0 or [::]",
		};
	}
	const others = listening.length === 0 ? "no port at all" : `port ${listening.join(", ")}`;
	return { title: `nothing listens on ${where}`, evidence: [`its processes listen on ${others}`] };
}

function localText({ policy, ports, nodes, nodesWithPod }: FindingOf<"localWithoutPod">): FindingWords {
	return {
		title: `${policy}TrafficPolicy is Local, and ${nodeNames(nodes)} ${nodes.length === 1 ? "has" : "have"} no pod of the Service${ports ? ` for ${ports.map(portText).join(", ")}` : ""}`,
		evidence: [
			`${policy === "external" ? "requests from outside" : "requests from pods"} to these nodes time out; nodes with a pod: ${nodesWithPod.join(", ")}`,
		],
		advice:
			policy === "external"
				? "call only nodes with a pod (a load balancer checks healthCheckNodePort), run a pod on every node, or use policy Cluster"
				: "run a pod on every node, or use policy Cluster",
	};
}

function nodeText({ node, reason, message, endpoints }: FindingOf<"nodeNotReady">): FindingWords {
	const why = [reason, message].filter((part) => part !== undefined).join(": ");
	return {
		title: `node ${node} isn't Ready`,
		evidence: [
			...(why === "" ? [] : [why]),
			`${endpoints} of the Service's endpoints are on it; requests to its address may time out`,
		],
	};
}

function sysctlText({ nodes, name, value, required }: FindingOf<"sysctl">): FindingWords {
	const effects: [RegExp, string][] = [
		[/forward(ing)?$/, "the kernel drops packets for pods and other nodes"],
		[/route_localnet$/, "the kernel drops packets from 127.0.0.1 to a pod, so the nodePort fails there"],
		[
			/bridge-nf-call/,
			"a pod that calls the ClusterIP gets no usable reply from a pod on its own bridge: no rule translates the reply back",
		],
		[/rp_filter$/, "the kernel drops packets whose route back leads through another interface"],
	];
	const effect = effects.find(([pattern]) => pattern.test(name))?.[1];
	return {
		title: `${name} is ${value} on ${nodes.join(", ")}`,
		evidence: [effect ?? `Services need ${required}`],
		advice: `on the node: sysctl -w ${name}=${required}, and find the file in /etc/sysctl.d that resets it`,
	};
}

function sourceRangesText({ ranges, excluded }: FindingOf<"sourceRanges">): FindingWords {
	const listed = ranges.join(", ");
	if (excluded.length === 0) {
		return {
			title: "the load balancer accepts only some clients",
			evidence: [`loadBalancerSourceRanges: ${listed}`],
		};
	}
	return {
		title: `loadBalancerSourceRanges exclude ${excluded.join(", ")}`,
		evidence: [`allowed: ${listed}; packets of other clients to the load balancer's address are dropped`],
		advice: "add the client's range to loadBalancerSourceRanges",
	};
}
