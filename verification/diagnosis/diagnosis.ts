/** A diagnosis: what is wrong with a Service, and who reaches it. A pure function of what was read. */
import { z } from "zod";
import { toPlace } from "../../kubernetes/objects.ts";
import { Gap } from "../../kubernetes/source/gap.ts";
import type { ServiceReading } from "../../kubernetes/source/serviceReading.ts";
import type { Family } from "../../netfilter/model.ts";
import { byWeight, WeighedFinding } from "./diagnosisFinding.ts";
import { likelyCausesFirst } from "./findings/likelyCause.ts";
import { nodeFindings } from "./findings/nodeFindings.ts";
import { objectFindings } from "./findings/objectFindings.ts";
import { proxyFindings } from "./findings/proxyFindings.ts";
import { ruleFindings } from "./findings/rules/ruleFindings.ts";
import { unexplainedFindings } from "./findings/rules/unexplained.ts";
import { sourceRangeFindings } from "./findings/sourceRanges.ts";
import { staleConntrackFindings } from "./findings/staleConntrack.ts";
import { healthCheckRequests } from "./prediction/healthChecks.ts";
import { type PredictedRequest, Prediction, predictRequests } from "./prediction/prediction.ts";
import { Measurement } from "./probes/measurement.ts";
import { type RulesReading, rulesetsFor } from "./rulesFromSource.ts";
import { inspectedNodes, isHeadless, type ServiceView } from "./serviceViews.ts";

export const diagnosisSchema = "nodeport-lab/diagnosis/v1";

export const Diagnosis = z.object({
	schema: z.literal(diagnosisSchema),
	cluster: z.object({ cluster: z.string(), server: z.string(), version: z.string() }),
	service: z.object({
		namespace: z.string(),
		name: z.string(),
		type: z.string(),
		clusterIp: z.string().optional(),
		ports: z.array(
			z.object({
				name: z.string().optional(),
				protocol: z.string(),
				port: z.int(),
				targetPort: z.union([z.int(), z.string()]),
				nodePort: z.int().optional(),
			}),
		),
		externalTrafficPolicy: z.string().optional(),
		internalTrafficPolicy: z.string().optional(),
	}),
	/** The nodes whose rules were read, and how many nodes the cluster has. */
	nodes: z.object({ inspected: z.array(z.string()), withRules: z.array(z.string()), total: z.int() }),
	/**
	 * "broken": a cause was found. "suspect": something may cause failures. "healthy": neither. "unchecked": neither the endpoints
	 * nor the rules of a node could be read.
	 */
	verdict: z.enum(["broken", "suspect", "healthy", "unchecked"]),
	/** The most certain first; before measured failures also what probably is their cause. */
	findings: z.array(WeighedFinding),
	predictions: z.array(Prediction),
	/** With --probe: requests that were sent, and how they ended. */
	measurements: z.array(Measurement).optional(),
	/** What couldn't be read, so that the diagnosis is narrower. */
	gaps: z.array(Gap),
});
export type Diagnosis = z.infer<typeof Diagnosis>;

export interface DiagnosisInput {
	reading: ServiceReading;
	views: readonly ServiceView[];
	rules: RulesReading;
	/** The objects changed while they were read, as in a rollout: rules may not have followed yet. */
	isChanging?: boolean;
	/** The address of a client outside the cluster @default an example, for which no rule was written */
	outsideIp?: string | undefined;
	/** What was measured, and how it differs from the prediction. */
	probed?: { measurements: Measurement[]; findings: WeighedFinding[]; gaps: Gap[] } | undefined;
}

export function diagnose(input: DiagnosisInput): Diagnosis {
	const { reading, views, rules, isChanging = false, outsideIp, probed } = input;
	const requests = predictAll(reading, views, rules, outsideIp);
	const inspected = inspectedNodes(reading).map(({ metadata }) => metadata.name);
	const own = [...proxyFindings(reading), ...nodeFindings(reading, views)];
	const excluded = own.flatMap(({ finding }) => (finding.kind === "nodePortAddresses" ? finding.nodes : []));
	const found = [
		...objectFindings(reading),
		...own,
		...rules.findings,
		...ruleFindings(requests, reading, (node) => !excluded.includes(node)),
		...staleConntrackFindings(views, rules.connections),
		...sourceRangeFindings(reading, outsideIp),
		...(probed?.findings ?? []),
	];
	const all = weighed([...found, ...unexplainedFindings(requests, found)]);
	const findings = likelyCausesFirst((isChanging ? all.map(duringChange) : all).sort(byWeight));
	return {
		schema: diagnosisSchema,
		cluster: reading.about,
		service: summaryOf(reading),
		nodes: {
			inspected,
			withRules: inspected.filter((name) => [...rules.rulesets.values()].some((byNode) => byNode.has(name))),
			total: reading.nodes.length,
		},
		verdict: verdictOf(findings, reading.endpointSlices !== undefined || requests.length > 0),
		findings,
		predictions: requests.map(({ prediction }) => prediction),
		...(probed && { measurements: probed.measurements }),
		gaps: [
			...reading.gaps,
			...rules.gaps,
			...(isChanging ? [{ subject: "rules" as const, cause: { kind: "changing" as const } }] : []),
			...(probed?.gaps ?? []),
		],
	};
}

/** If requests end otherwise than the rules predict, NetworkPolicies that select the pods may be the cause. */
function weighed(findings: readonly WeighedFinding[]): WeighedFinding[] {
	const isUnexplained = findings.some(({ finding }) => finding.kind === "probe" && finding.observed !== "ok");
	const faulty = findings.flatMap(({ finding }) =>
		finding.kind === "nodeRules" ? finding.nodes : finding.kind === "unusableRules" ? [finding.node] : [],
	);
	const isBeforeProxy = findings.some(
		({ finding }) => finding.kind === "otherProxy" && finding.serves === "beforeProxy",
	);
	return findings.map((one) => {
		const { weight, finding } = one;
		if (isBeforeProxy && weight === "cause" && isOfRules(finding.kind)) return { ...one, weight: "suspect" };
		if (finding.kind === "networkPolicies" && isUnexplained) return { ...one, weight: "suspect" };
		// kube-proxy's usual log doesn't say that it succeeded later; rules that serve the Service do.
		if (finding.kind === "proxyFailing" && !faulty.includes(finding.node)) return { ...one, weight: "note" };
		return one;
	});
}

/** What a diagnosis also finds for a moment while a cluster follows a change. */
export function isOfChange({ finding }: WeighedFinding): boolean {
	switch (finding.kind) {
		case "nodeRules":
		case "unusableRules":
		case "staleConntrack":
			return true;
		case "noReadyEndpoint":
			return finding.pods.some(({ reason }) => reason.kind === "notInSlice");
		default:
			return false;
	}
}

/** Packets may not meet these rules if another program serves them first. */
const isOfRules = (kind: WeighedFinding["finding"]["kind"]): boolean =>
	["nodeRules", "unusableRules", "foreignRule", "proxyNotRunning", "proxyFailing"].includes(kind);

/** It may be over the next moment, and then needs no fix. */
function duringChange(one: WeighedFinding): WeighedFinding {
	if (!isOfChange(one) || one.weight === "note") return one;
	const { fix: _, ...rest } = one;
	return { ...rest, weight: "suspect" };
}

/** Notes don't count: they restrict who is served, perhaps on purpose. */
function verdictOf(findings: readonly WeighedFinding[], isChecked: boolean): Diagnosis["verdict"] {
	if (findings.some(({ weight }) => weight === "cause")) return "broken";
	if (findings.some(({ weight }) => weight === "suspect")) return "suspect";
	return isChecked ? "healthy" : "unchecked";
}

/** The requests of all ports and families. */
export function predictAll(
	reading: ServiceReading,
	views: readonly ServiceView[],
	rules: Pick<RulesReading, "rulesets">,
	outsideIp: string | undefined,
): PredictedRequest[] {
	if (isHeadless(reading.service)) return [];
	const requests = views.flatMap((view) => {
		const rulesets = rulesetsFor(rules, view);
		return rulesets.size === 0 ? [] : predictRequests(view, rulesets, podsByNode(reading, view.family), outsideIp);
	});
	return [...requests, ...predictHealthChecks(reading, views, rules, outsideIp)];
}

export function predictHealthChecks(
	{ service: { spec } }: ServiceReading,
	views: readonly ServiceView[],
	rules: Pick<RulesReading, "rulesets">,
	outsideIp: string | undefined,
): PredictedRequest[] {
	const { healthCheckNodePort: port, externalTrafficPolicy } = spec;
	if (port === undefined || port === 0 || externalTrafficPolicy !== "Local") return [];
	return [...rules.rulesets].flatMap(([family, rulesets]) => {
		const ofFamily = views.filter((view) => view.family === family);
		return rulesets.size === 0 ? [] : healthCheckRequests(port, ofFamily, rulesets, outsideIp);
	});
}

function podsByNode({ pods = [] }: ServiceReading, family: Family): Map<string, string[]> {
	const byNode = new Map<string, string[]>();
	for (const pod of pods) {
		const { network, node, ip } = toPlace(pod, family);
		if (network === "pod" && node !== undefined && ip !== undefined)
			byNode.set(node, [...(byNode.get(node) ?? []), ip]);
	}
	return byNode;
}

function summaryOf({ service: { metadata, spec } }: ServiceReading): Diagnosis["service"] {
	const { externalTrafficPolicy, internalTrafficPolicy, clusterIP } = spec;
	return {
		namespace: metadata.namespace ?? "",
		name: metadata.name,
		type: spec.type ?? "ClusterIP",
		...(clusterIP !== undefined && { clusterIp: clusterIP }),
		ports: (spec.ports ?? []).map(({ name, protocol = "TCP", port, targetPort = port, nodePort }) => ({
			...(name !== undefined && { name }),
			protocol,
			port,
			targetPort,
			...(nodePort !== undefined && { nodePort }),
		})),
		...(externalTrafficPolicy !== undefined && { externalTrafficPolicy }),
		...(internalTrafficPolicy !== undefined && { internalTrafficPolicy }),
	};
}
