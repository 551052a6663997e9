/** What a diagnosis finds, as data. report/diagnosis/ makes the sentences. */
import { z } from "zod";
import { Backend, Family, Protocol } from "../../netfilter/model.ts";
import { End } from "../journey/model.ts";
import { Command } from "../model.ts";
import { ReadProblem } from "../nodeProblem.ts";
import { RuleOwner } from "./findings/rules/ruleOwner.ts";
import { PredictedClient, PredictedTarget } from "./prediction/predictedRequest.ts";
import { MeasuredOutcome } from "./probes/measurement.ts";

const text = z.string();
const names = z.array(text);

/**
 * How far a finding explains a failure. "cause": requests fail because of it. "suspect": they may fail because of it. "note":
 * it restricts who is served, perhaps on purpose.
 */
export const Weight = z.enum(["cause", "suspect", "note"]);
export type Weight = z.infer<typeof Weight>;

/** The Service's port. */
const PortReference = z.object({ name: text.optional(), port: z.int(), protocol: Protocol });
export type PortReference = z.infer<typeof PortReference>;

/** What a readiness probe checks. */
export const ProbeKind = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("http"), path: text, port: z.union([z.int(), text]) }),
	z.object({ kind: z.literal("tcp"), port: z.union([z.int(), text]) }),
	z.object({ kind: z.literal("grpc"), port: z.int() }),
	z.object({ kind: z.literal("command") }),
]);
export type ProbeKind = z.infer<typeof ProbeKind>;

/** Why a pod isn't a ready endpoint. */
export const PodReason = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("unschedulable"), message: text }),
	z.object({ kind: z.literal("notScheduled") }),
	z.object({ kind: z.literal("nodeNotReady"), node: text }),
	z.object({ kind: z.literal("terminating") }),
	/** It has ended: Succeeded, or Failed with a reason such as Evicted. */
	z.object({ kind: z.literal("ended"), phase: text, reason: text.optional() }),
	/** A container doesn't start: ImagePullBackOff, CreateContainerConfigError, ContainerCreating. */
	z.object({ kind: z.literal("waiting"), container: text, reason: text, message: text.optional() }),
	/** A container ends again and again. */
	z.object({
		kind: z.literal("crashing"),
		container: text,
		restarts: z.int(),
		exitCode: z.int().optional(),
		reason: text.optional(),
	}),
	z.object({ kind: z.literal("notStarted"), container: text }),
	z.object({ kind: z.literal("readinessProbe"), container: text, probe: ProbeKind }),
	z.object({ kind: z.literal("readinessGate"), condition: text }),
	z.object({ kind: z.literal("noAddress") }),
	/** The pod is ready, but the EndpointSlice doesn't say so yet. */
	z.object({ kind: z.literal("notInSlice") }),
	z.object({ kind: z.literal("unknown") }),
]);
export type PodReason = z.infer<typeof PodReason>;

const UnreadyPod = z.object({ pod: text, node: text.optional(), reason: PodReason });
export type UnreadyPod = z.infer<typeof UnreadyPod>;

const RuleReference = z.object({ table: text, chain: text, rule: text });

/** A rule that wasn't written for the Service, and what it does to its packets. */
export const ForeignEffect = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("drop") }),
	z.object({ kind: z.literal("reject"), with: text }),
	/** It sends the packet to another address than an endpoint's. */
	z.object({ kind: z.literal("translate"), to: text }),
	/** The pod doesn't see the client, although the Service keeps client addresses. */
	z.object({ kind: z.literal("masquerade"), clientIp: text }),
]);
export type ForeignEffect = z.infer<typeof ForeignEffect>;

/** A request that the finding was seen on. */
const Example = z.object({ client: PredictedClient, target: PredictedTarget });

/** How a node's rules for the Service differ from the API objects. */
export const NodeRulesProblem = z.discriminatedUnion("kind", [
	/** No rule serves the port. */
	z.object({ kind: z.literal("missing") }),
	/** They reject requests as if there were no endpoint. */
	z.object({ kind: z.literal("noEndpoints"), expected: names }),
	/** They lead to other addresses than the Service's endpoints. */
	z.object({ kind: z.literal("outdated"), expected: names, observed: names }),
	/** They belong to another Service. */
	z.object({ kind: z.literal("otherService"), service: text }),
]);
export type NodeRulesProblem = z.infer<typeof NodeRulesProblem>;

const KubeProxyState = z.object({ pod: text, phase: text, reason: text.optional(), restarts: z.int() });

export const DiagnosisFinding = z.discriminatedUnion("kind", [
	z.object({
		kind: z.literal("selectorMatchesNothing"),
		selector: z.record(text, text),
		/** How many pods the namespace has. */
		pods: z.int(),
		/** The pods that fit all labels but one, and what they have instead. */
		nearest: z
			.object({ key: text, expected: text, found: text.optional(), foundKey: text.optional(), pods: names })
			.optional(),
	}),
	z.object({ kind: z.literal("noReadyEndpoint"), pods: z.array(UnreadyPod) }),
	/** A Service without a selector, whose endpoints somebody has to write. */
	z.object({ kind: z.literal("noEndpointObjects") }),
	/** Somebody has written them for another port: kube-proxy matches ports by name and protocol. */
	z.object({
		kind: z.literal("slicePort"),
		port: PortReference,
		/** The ports that the EndpointSlices have. */
		found: z.array(z.object({ name: text, port: z.int(), protocol: Protocol })),
	}),
	z.object({
		kind: z.literal("targetPort"),
		port: PortReference,
		targetPort: z.union([z.int(), text]),
		/** What the containers declare. */
		declared: z.array(z.object({ container: text, name: text.optional(), port: z.int(), protocol: Protocol })),
		nearest: z.union([z.int(), text]).optional(),
		/** Only these pods don't declare it. */
		pods: names.optional(),
	}),
	/** The pod's network namespace has no socket that listens on the port. */
	z.object({
		kind: z.literal("notListening"),
		pod: text,
		port: z.int(),
		protocol: Protocol,
		/** Only if the Service has another one too. */
		family: Family.optional(),
		/** The process listens on the loopback address only. */
		loopbackOnly: z.boolean(),
		listening: z.array(z.int()),
	}),
	z.object({
		kind: z.literal("localWithoutPod"),
		policy: z.enum(["external", "internal"]),
		/** Only if it isn't the same for all ports. */
		ports: z.array(PortReference).optional(),
		nodes: names,
		nodesWithPod: names,
	}),
	z.object({
		kind: z.literal("nodeNotReady"),
		node: text,
		reason: text.optional(),
		message: text.optional(),
		endpoints: z.int(),
	}),
	z.object({
		kind: z.literal("proxyNotRunning"),
		node: text,
		state: KubeProxyState,
		logLine: text.optional(),
	}),
	z.object({ kind: z.literal("proxyMissing"), nodes: names }),
	z.object({ kind: z.literal("proxyFailing"), node: text, pod: text, logLine: text }),
	z.object({
		kind: z.literal("otherProxy"),
		agents: names,
		/**
		 * "instead": no node runs kube-proxy, and these programs can serve Services. "label": the Service's label names the
		 * program. "beforeProxy": it serves all packets before kube-proxy's rules see them. "podClients": it serves pods' requests
		 * to ClusterIPs, and kube-proxy all others.
		 */
		serves: z.enum(["instead", "label", "beforeProxy", "podClients"]),
	}),
	/** The node's rules can be read, and aren't usable. */
	z.object({
		kind: z.literal("unusableRules"),
		node: text,
		/** Only if the Service has another one too. */
		family: Family.optional(),
		problem: ReadProblem,
	}),
	/** Rules of a kube-proxy that ran before in another mode or with another back end. The kernel still evaluates them. */
	z.object({ kind: z.literal("leftoverRules"), nodes: names, backend: Backend, chain: text }),
	z.object({
		kind: z.literal("nodeRules"),
		nodes: names,
		port: PortReference,
		/** Only if the Service has another one too. */
		family: Family.optional(),
		problem: NodeRulesProblem,
		/** kube-proxy's pod, if only one node is concerned. */
		proxyPod: text.optional(),
	}),
	z.object({
		kind: z.literal("foreignRule"),
		nodes: names,
		owner: RuleOwner,
		effect: ForeignEffect,
		rule: RuleReference,
		example: Example,
		/** It stopped only requests of a client whose address is an example: real clients may be accepted. */
		isExampleOnly: z.literal(true).optional(),
		/** How many of the predicted requests it stops or changes. */
		requests: z.int(),
	}),
	z.object({ kind: z.literal("sysctl"), nodes: names, name: text, value: text, required: text }),
	z.object({ kind: z.literal("nodePortAddresses"), addresses: names, nodes: names }),
	z.object({
		kind: z.literal("hostPort"),
		port: z.int(),
		protocol: Protocol,
		pods: z.array(z.object({ pod: text, node: text.optional() })),
	}),
	z.object({ kind: z.literal("loadBalancerPending"), loadBalancerClass: text.optional() }),
	z.object({ kind: z.literal("sourceRanges"), ranges: names, excluded: names }),
	z.object({ kind: z.literal("unreadyPods"), pods: z.array(UnreadyPod), ready: z.int() }),
	z.object({ kind: z.literal("networkPolicies"), policies: names, pods: z.int() }),
	/** conntrack sends a known client's UDP packets to an address that is no endpoint any more. */
	z.object({ kind: z.literal("staleConntrack"), node: text, entries: z.array(z.object({ client: text, to: text })) }),
	/** A measured request ended differently than the rules predict: the cause is outside the rules. */
	z.object({
		kind: z.literal("probe"),
		client: text,
		target: PredictedTarget,
		predicted: z.array(End),
		observed: MeasuredOutcome,
		detail: text.optional(),
		/** How many requests of the client to such targets ended so. */
		requests: z.int(),
	}),
]);
export type DiagnosisFinding = z.infer<typeof DiagnosisFinding>;
export type FindingKind = DiagnosisFinding["kind"];
export type FindingOf<K extends FindingKind> = Extract<DiagnosisFinding, { kind: K }>;

/** A finding with its weight, and the command that inspects or fixes it. */
export const WeighedFinding = z.object({
	weight: Weight,
	finding: DiagnosisFinding,
	/** As for kubectl, without the options that choose the cluster. */
	inspect: Command.optional(),
	fix: Command.optional(),
});
export type WeighedFinding = z.infer<typeof WeighedFinding>;

const order: Weight[] = ["cause", "suspect", "note"];

/** The most certain first; equal ones keep their order. */
export const byWeight = (a: WeighedFinding, b: WeighedFinding): number =>
	order.indexOf(a.weight) - order.indexOf(b.weight);
