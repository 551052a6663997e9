/** Reads the rules of the nodes through kube-proxy's pods, from a live cluster or a bundle. */
import pLimit from "p-limit";
import { commandFor, restartProxyCommand } from "../../kubernetes/exec.ts";
import type { Cluster } from "../../kubernetes/liveCluster.ts";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import type { Gap } from "../../kubernetes/source/serviceReading.ts";
import { readFinding } from "../findings.ts";
import type { ReadProblem } from "../nodeProblem.ts";
import { type Ruleset, readRuleset, readsAtOnce } from "../ruleset.ts";
import type { WeighedFinding } from "./diagnosisFinding.ts";
import type { ServiceView } from "./serviceViews.ts";

export interface RulesReading {
	rulesets: Map<string, Ruleset>;
	findings: WeighedFinding[];
	gaps: Gap[];
}

/** The programs that readRuleset runs, answered by the source. Their commands leave the choice of the cluster to the user. */
function programsOf(source: ClusterSource): Cluster {
	const programs: Pick<Cluster, "run" | "commandFor" | "restartProxyCommand"> = {
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
	// readRuleset uses no other members of a Cluster.
	return programs as Cluster;
}

const nowhere = { kubeconfig: "" };

const withoutAccess = (command: string[]): string[] =>
	command.filter((word, i) => word !== "--kubeconfig" && command[i - 1] !== "--kubeconfig");

export async function readRulesFrom(source: ClusterSource, { snapshot }: ServiceView): Promise<RulesReading> {
	const cluster = programsOf(source);
	const reading: RulesReading = { rulesets: new Map(), findings: [], gaps: [] };
	const readable = snapshot.nodes.filter(
		({ ready, labels }) => ready && (labels["kubernetes.io/os"] ?? "linux") === "linux",
	);
	const results = await pLimit(readsAtOnce).map(readable, async (node) => {
		try {
			return { node: node.name, ruleset: await readRuleset(cluster, snapshot, node) };
		} catch (error) {
			return { node: node.name, error: readFinding(node.name, error) };
		}
	});
	for (const { node, ruleset, error } of results) {
		if (ruleset) reading.rulesets.set(node, ruleset);
		if (!error) continue;
		const { problem, inspect, fix } = error;
		if (problem.kind === "missingChain" || problem.kind === "noProxyRules") {
			const finding = { kind: "unusableRules" as const, node, problem };
			reading.findings.push({ weight: "cause", finding, ...(inspect && { inspect }), ...(fix && { fix }) });
		} else reading.gaps.push({ subject: "rules", node, ...gapOf(problem) });
	}
	return reading;
}

function gapOf(problem: ReadProblem): Pick<Gap, "reason" | "message"> {
	switch (problem.kind) {
		case "noReader":
			return { reason: "unsupported", message: "the node has no kube-proxy pod" };
		case "failed": {
			const isForbidden = /\b403\b|forbidden/i.test(problem.message);
			return { reason: isForbidden ? "forbidden" : "failed", message: problem.message };
		}
		case "incomplete":
			return { reason: "failed", message: `${problem.program.join(" ")}: ${problem.reason}` };
		default:
			return { reason: "unsupported", message: problem.kind };
	}
}
