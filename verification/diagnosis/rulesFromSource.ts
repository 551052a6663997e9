/** Reads the rules of the nodes through kube-proxy's pods, from a live cluster or a bundle. */
import pLimit from "p-limit";
import { saysForbidden } from "../../kubernetes/apiErrors.ts";
import { commandFor, restartProxyCommand } from "../../kubernetes/exec.ts";
import type { Node } from "../../kubernetes/model.ts";
import { operatingSystem } from "../../kubernetes/objects.ts";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import type { Gap } from "../../kubernetes/source/serviceReading.ts";
import { readFinding } from "../findings.ts";
import type { ReadProblem } from "../nodeProblem.ts";
import type { NodePrograms } from "../nodeRules/ruleOutputs.ts";
import { type Ruleset, readRuleset, readsAtOnce } from "../ruleset.ts";
import type { WeighedFinding } from "./diagnosisFinding.ts";
import { mergeFindings } from "./findings/mergeFindings.ts";
import type { UdpConnection } from "./findings/staleConntrack.ts";
import { type NodeConnections, readUdpConnections } from "./readUdpConnections.ts";
import type { ServiceView } from "./serviceViews.ts";

export interface RulesReading {
	rulesets: Map<string, Ruleset>;
	/** To the UDP ports of the Service, by node. */
	connections: Map<string, UdpConnection[]>;
	findings: WeighedFinding[];
	gaps: Gap[];
}

/** The programs that readRuleset runs, answered by the source. Their commands leave the choice of the cluster to the user. */
function programsOf(source: ClusterSource): NodePrograms {
	return {
		run: (runner, program, seconds) => {
			if (!("exec" in runner)) throw new Error("a diagnosis runs programs in pods only");
			return source.run(runner.exec, program, seconds);
		},
		commandFor: (runner, program) => withoutAccess(commandFor(nowhere, runner, program)),
		restartProxyCommand: (proxy) => {
			const command = restartProxyCommand(nowhere, proxy);
			return command && withoutAccess(command);
		},
	};
}

const nowhere = { kubeconfig: "" };

const withoutAccess = (command: string[]): string[] =>
	command.filter((word, i) => word !== "--kubeconfig" && command[i - 1] !== "--kubeconfig");

/** @param view in the family whose rules are read */
export async function readRulesFrom(
	source: ClusterSource,
	{ snapshot }: ServiceView,
	views: readonly ServiceView[],
): Promise<RulesReading> {
	const cluster = programsOf(source);
	const reading: RulesReading = { rulesets: new Map(), connections: new Map(), findings: [], gaps: [] };
	const isReadable = ({ ready, labels }: Node) => ready && operatingSystem(labels) === "linux";
	const results = await pLimit(readsAtOnce).map(snapshot.nodes.filter(isReadable), async (node) => {
		const udp = await connectionsOn(source, snapshot, node, views);
		try {
			return { node: node.name, udp, ruleset: await readRuleset(cluster, snapshot, node) };
		} catch (error) {
			return { node: node.name, udp, error: readFinding(node.name, error) };
		}
	});
	for (const { node, udp, ruleset, error } of results) {
		if (ruleset) addRuleset(reading, node, ruleset);
		if (error) addProblem(reading, error);
		if (!udp) continue;
		reading.connections.set(node, udp.connections);
		// If no program can run there, the gap about the rules says so.
		reading.gaps.push(...udp.gaps.filter(({ reason }) => ruleset || reason === "unsupported"));
	}
	return { ...reading, findings: mergeFindings(reading.findings) };
}

async function connectionsOn(
	source: ClusterSource,
	{ kubeProxies }: ServiceView["snapshot"],
	{ name }: Node,
	views: readonly ServiceView[],
): Promise<NodeConnections | undefined> {
	const proxy = kubeProxies.get(name);
	return proxy && "exec" in proxy ? readUdpConnections(source, proxy.exec, name, views) : undefined;
}

/** Rules that couldn't be read may change what the others lead to; those of an earlier kube-proxy are still evaluated. */
function addRuleset(reading: RulesReading, node: string, ruleset: Ruleset): void {
	reading.rulesets.set(node, ruleset);
	for (const { source, problem } of ruleset.gaps) {
		const subject = source === "network" ? "network" : "otherRules";
		const { reason, message } = gapOf(problem);
		reading.gaps.push({ subject, node, reason, message: source === "network" ? message : `${source}: ${message}` });
	}
	for (const { backend, chain } of ruleset.leftovers) {
		reading.findings.push({ weight: "note", finding: { kind: "leftoverRules", nodes: [node], backend, chain } });
	}
}

function addProblem(reading: RulesReading, { node, problem, inspect, fix }: ReturnType<typeof readFinding>): void {
	if (problem.kind !== "missingChain" && problem.kind !== "noProxyRules") {
		reading.gaps.push({ subject: "rules", node, ...gapOf(problem) });
		return;
	}
	const finding = { kind: "unusableRules" as const, node, problem };
	reading.findings.push({ weight: "cause", finding, ...(inspect && { inspect }), ...(fix && { fix }) });
}

function gapOf(problem: ReadProblem): Pick<Gap, "reason" | "message"> {
	switch (problem.kind) {
		case "noReader":
			return { reason: "unsupported", message: "the node has no kube-proxy pod" };
		case "failed": {
			return { reason: saysForbidden(problem.message) ? "forbidden" : "failed", message: problem.message };
		}
		case "incomplete":
			return { reason: "failed", message: `${problem.program.join(" ")}: ${problem.reason}` };
		case "otherProxyMode":
			return { reason: "unsupported", message: `kube-proxy runs in ${problem.mode} mode, which has no rules to read` };
		default:
			return { reason: "unsupported", message: problem.kind };
	}
}
