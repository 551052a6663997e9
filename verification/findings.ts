/** What a verification finds wrong, as data. report/findingText.ts makes the sentences. */
import { z } from "zod";
import { End } from "./journey/model.ts";
import { Command, Expected, Observed, Target, viewFields } from "./model.ts";
import { ReadProblem, RulesProblem } from "./nodeProblem.ts";
import { DifferingTrace, FailedTrace } from "./trace/model.ts";

const commands = { inspect: Command.optional(), fix: Command.optional() };

export const Finding = z.discriminatedUnion("kind", [
	/** Fewer pods than the lab promises are ready endpoints of the Service. */
	z.object({
		kind: z.literal("missingPods"),
		deployment: z.string(),
		expected: z.int(),
		observed: z.int(),
		inspect: Command,
	}),
	/** Without an endpoint of the DNS Service no name is resolved. */
	z.object({ kind: z.literal("missingDns"), clusterIp: z.string(), ...commands }),
	/** API objects, rules and measurement don't agree. */
	z.object({
		kind: z.literal("request"),
		client: z.string(),
		target: Target,
		/** By the API objects. */
		expected: Expected,
		/** By the nodes' rules: how each branch of the packet's journey ends. */
		predicted: z.array(End),
		observed: Observed,
		repeat: Command,
	}),
	z.object({
		kind: z.literal("rules"),
		node: z.string(),
		...viewFields,
		problem: RulesProblem,
		fix: Command.optional(),
	}),
	z.object({ kind: z.literal("node"), node: z.string(), problem: ReadProblem, ...commands }),
	/** The kernel's trace differs from the predicted path, or the kernel couldn't be traced. */
	z.object({
		kind: z.literal("trace"),
		trace: z.discriminatedUnion("result", [DifferingTrace.omit({ steps: true }), FailedTrace]),
		repeat: Command,
	}),
]);
export type Finding = z.infer<typeof Finding>;

export type RequestFinding = Extract<Finding, { kind: "request" }>;

/** What is wrong with one node's rules. */
export type NodeFinding = Extract<Finding, { kind: "rules" | "node" }>;

/** A node's rules can't be read. */
export class UnreadableRules extends Error {
	readonly finding: Extract<Finding, { kind: "node" }>;

	constructor(finding: Omit<Extract<Finding, { kind: "node" }>, "kind">) {
		super(`the rules of ${finding.node}: ${finding.problem.kind}`);
		this.finding = { kind: "node", ...finding };
	}
}

/** What an error says about reading a node's rules. */
export const readFinding = (node: string, error: unknown): Extract<Finding, { kind: "node" }> =>
	error instanceof UnreadableRules
		? error.finding
		: { kind: "node", node, problem: { kind: "failed", message: String((error as Error).message ?? error) } };
