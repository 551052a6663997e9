/** The exercises in words: the symptom, hints, and what was broken. */
import { shellText } from "../../lib/shell.ts";
import { table } from "../../lib/table.ts";
import type { Diagnosis } from "../../verification/diagnosis/diagnosis.ts";
import { dropRule } from "../../verification/lesson/lessonFaults.ts";
import type { Fault, FaultKind } from "../../verification/lesson/model.ts";
import type { NodeRequest } from "../../verification/lesson/requests.ts";
import { findingWords } from "../diagnosis/findings/diagnosisFindingText.ts";
import { gapTexts } from "../diagnosis/gapText.ts";

/** What the learner has to know to find and fix it. */
export interface LabNames {
	namespace: string;
	service: string;
	/** Of node `Fault.node`, if kube-proxy runs there. */
	proxyPod?: string;
}

interface ExerciseWords {
	title: string;
	/** Where to look, in order; the last hint is the diagnosis. */
	hints: (names: LabNames) => string[];
	lesson: string;
}

const diagnoseHint = ({ namespace, service }: LabNames): string =>
	`run the diagnosis: node cli/tool/nodeport-lab.mjs diagnose ${namespace}/${service}`;

export const exerciseWords: Record<FaultKind, ExerciseWords> = {
	targetPort: {
		title: "No node answers",
		hints: (names) => [
			`compare the Service's targetPort with the pod's containerPort: kubectl -n ${names.namespace} describe service ${names.service}, and kubectl -n ${names.namespace} describe pods`,
			diagnoseHint(names),
		],
		lesson:
			"DNAT sends packets to the targetPort. If no process listens on it, the pod's kernel refuses the connection, although " +
			"every rule is right.",
	},
	firewallRule: {
		title: "One node is silent",
		hints: (names) => [
			"a silent node drops packets: look for rules on it that aren't kube-proxy's: docker exec <node> iptables-save | grep -v KUBE",
			diagnoseHint(names),
		],
		lesson:
			"A firewall rule acts before kube-proxy's rules, so the Service's objects and rules look right. Each node has its own " +
			"firewall, and a nodePort has to be open on all of them.",
	},
	localPolicy: {
		title: "Some nodes are silent",
		hints: (names) => [
			`which nodes answer, and where do the pods run? kubectl -n ${names.namespace} get pods -o wide, then kubectl -n ${names.namespace} get service ${names.service} -o yaml`,
			diagnoseHint(names),
		],
		lesson:
			"With externalTrafficPolicy Local, nodes without a pod of the Service drop requests. In return, pods see the addresses " +
			"of clients outside the cluster.",
	},
	flushedChain: {
		title: "One node refuses",
		hints: (names) => [
			"the node's kernel doesn't know the Service any more: compare its rules with another node's: docker exec <node> sh -c 'iptables-save; nft list ruleset' | grep " +
				`${names.namespace}/${names.service}`,
			diagnoseHint(names),
		],
		lesson:
			"kube-proxy writes a Service's rules when the Service changes, and all rules when it starts. If something else removes " +
			"rules, such as the restart of a firewall, it doesn't notice at once.",
	},
	stoppedNode: {
		title: "One node doesn't answer at all",
		hints: (names) => ["look at the nodes: kubectl get nodes, and docker ps --all", diagnoseHint(names)],
		lesson:
			"Nothing removes a dead node's address from use. The other nodes still answer, but a client that knows only this " +
			"address gets no answer. A load balancer with health checks avoids this.",
	},
};

/** The command that fixes what the exercise broke. */
export function faultFix(fault: Fault, { namespace, service, proxyPod }: LabNames): string {
	const patch = (operation: object) =>
		shellText(
			"kubectl",
			"-n",
			namespace,
			"patch",
			"service",
			service,
			"--type=json",
			`--patch=${JSON.stringify([operation])}`,
		);
	switch (fault.kind) {
		case "stoppedNode":
			return `docker start ${fault.node}`;
		case "localPolicy":
			return patch({ op: "replace", path: "/spec/externalTrafficPolicy", value: fault.before });
		case "targetPort":
			return patch({ op: "replace", path: "/spec/ports/0/targetPort", value: fault.before });
		case "firewallRule":
			return `docker exec ${fault.node} iptables -t mangle -D ${dropRule(fault.port).join(" ")}`;
		case "flushedChain":
			return `kubectl -n kube-system delete pod ${proxyPod ?? `<the kube-proxy pod on ${fault.node}>`}`;
	}
}

/** What was broken, in one sentence. */
export function faultText(fault: Fault): string {
	switch (fault.kind) {
		case "stoppedNode":
			return `The container of ${fault.node} was stopped.`;
		case "localPolicy":
			return "The Service's externalTrafficPolicy was changed to Local.";
		case "targetPort":
			return `The Service's targetPort was changed to ${fault.port}.`;
		case "firewallRule":
			return `A rule on ${fault.node} dropped packets to port ${fault.port} (table mangle, chain PREROUTING).`;
		case "flushedChain":
			return `The chain ${fault.chain} on ${fault.node} was flushed.`;
	}
}

/** One row for each node. */
export const nodeRequestTable = (requests: readonly NodeRequest[]): string =>
	table([
		["NODE", "ADDRESS", "RESULT", "CLIENT IP SEEN"],
		...requests.map(({ node, address, observed: { outcome, node: by, clientIp } }) => [
			node,
			address,
			outcome === "ok" ? `answered by a pod on ${by}` : outcome,
			clientIp ?? "",
		]),
	]);

/** "Not yet: diagnose reports 1 finding and 1 check that failed." */
export function remainingText({ findings, gaps }: Pick<Diagnosis, "findings" | "gaps">): string {
	const count = (number: number, one: string, more: string) =>
		number === 0 ? [] : [`${number} ${number === 1 ? one : more}`];
	const all = [
		...count(findings.length, "finding", "findings"),
		...count(gaps.length, "check that failed", "checks that failed"),
	];
	return `Not yet: diagnose reports ${all.join(" and ")}.`;
}

/** What a diagnosis reports, one line each. */
export const reportedLines = ({ findings, gaps }: Diagnosis): string[] => [
	...findings.map(({ finding }) => findingWords(finding).title),
	...gapTexts(gaps),
];
