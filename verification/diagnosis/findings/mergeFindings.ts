/** The same finding on several nodes is one finding. */
import { byWeight, type DiagnosisFinding, type FindingOf, type WeighedFinding } from "../diagnosisFinding.ts";

export function mergeFindings(all: readonly WeighedFinding[]): WeighedFinding[] {
	const merged = new Map<string, WeighedFinding>();
	for (const one of all) {
		const key = keyOf(one.finding);
		const same = merged.get(key);
		const weight = same && byWeight(same, one) <= 0 ? same.weight : one.weight;
		merged.set(key, same ? { ...same, weight, finding: joined(same.finding, one.finding) } : one);
	}
	return [...merged.values()].map(withFix);
}

/** What makes two findings the same: all but the nodes and the example. */
function keyOf(finding: DiagnosisFinding): string {
	switch (finding.kind) {
		case "foreignRule": {
			const { owner, effect, rule } = finding;
			// The address that the pod sees differs by node.
			return JSON.stringify([finding.kind, owner, effect.kind === "masquerade" ? effect.kind : effect, rule]);
		}
		case "nodeRules": {
			const { problem, port, family } = finding;
			return JSON.stringify([finding.kind, port, family, problem]);
		}
		case "sysctl":
			return JSON.stringify([finding.kind, finding.name, finding.value]);
		case "leftoverRules":
			return JSON.stringify([finding.kind, finding.backend]);
		case "probe": {
			const { client, target, observed, predicted } = finding;
			return JSON.stringify([finding.kind, client, target.kind, observed, predicted.map(({ kind }) => kind)]);
		}
		default:
			return JSON.stringify(finding);
	}
}

function joined(one: DiagnosisFinding, other: DiagnosisFinding): DiagnosisFinding {
	if (one.kind === "probe") return { ...one, requests: one.requests + 1 };
	if (!("nodes" in one) || !("nodes" in other)) return one;
	const nodes = [...new Set([...one.nodes, ...other.nodes])];
	if (one.kind === "foreignRule") return joinedRules(one, other, nodes);
	if (one.kind !== "nodeRules" || nodes.length === 1) return { ...one, nodes };
	const { proxyPod: _, ...rest } = one;
	return { ...rest, nodes };
}

/** The example is one that really exists, if there is one. */
function joinedRules(one: FindingOf<"foreignRule">, other: DiagnosisFinding, nodes: string[]): DiagnosisFinding {
	const requests = one.requests + 1;
	if (other.kind !== "foreignRule" || !one.isExampleOnly || other.isExampleOnly) return { ...one, nodes, requests };
	return { ...other, nodes, requests };
}

/** kube-proxy writes all rules again when it starts. */
function withFix(one: WeighedFinding): WeighedFinding {
	const { finding } = one;
	if (finding.kind !== "nodeRules" || finding.proxyPod === undefined) return one;
	const inspect = ["kubectl", "-n", "kube-system", "logs", finding.proxyPod];
	if (one.weight !== "cause") return { ...one, inspect };
	return { ...one, inspect, fix: ["kubectl", "-n", "kube-system", "delete", "pod", finding.proxyPod] };
}
