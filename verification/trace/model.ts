/** The kernel's traces as the report stores them. */
import { z } from "zod";
import { viewFields } from "../model.ts";
import { ReadProblem } from "../nodeProblem.ts";

/** How the kernel ends a rule: "accept" after NAT, "drop" after a reject, "continue" after a change of the packet. */
export const TraceVerdict = z.enum([
	"continue",
	"jump",
	"goto",
	"return",
	"accept",
	"drop",
	"queue",
	"stolen",
	"repeat",
]);
export type TraceVerdict = z.infer<typeof TraceVerdict>;

/** One line of a trace: a rule that matched the packet, or the end of a base chain. */
export const TraceStep = z.object({
	table: z.string(),
	chain: z.string(),
	kind: z.enum(["rule", "policy", "return"]),
	verdict: TraceVerdict,
	/** The chain that "jump" and "goto" lead to. */
	to: z.string().optional(),
	/** The rule as its tool lists it: "-A KUBE-SERVICES …" of iptables, "ip daddr … jump …" of nft. */
	rule: z.string().optional(),
	/** The rule's number in its table. */
	handle: z.int().optional(),
	/** The packet's mark, which nft prints at the end of a base chain. */
	mark: z.int().optional(),
});
export type TraceStep = z.infer<typeof TraceStep>;

/** One side of a difference. */
export const TracePoint = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("source"), address: z.string() }),
	/** "host:port" */
	z.object({ kind: z.literal("destination"), address: z.string() }),
	z.object({ kind: z.literal("mark"), mark: z.int() }),
	z.object({
		kind: z.literal("rule"),
		table: z.string(),
		chain: z.string(),
		/** Absent: the rule wasn't in the rules that were read. */
		rule: z.string().optional(),
		handle: z.int().optional(),
		verdict: TraceVerdict,
		to: z.string().optional(),
	}),
	/** No further rule acts on the packet. */
	z.object({ kind: z.literal("end") }),
]);
export type TracePoint = z.infer<typeof TracePoint>;

/** Where the kernel's path and the predicted path part. */
export const TraceDifference = z.object({
	/** How many rules both have in common before. */
	agreed: z.int(),
	kernel: TracePoint,
	predicted: TracePoint,
});
export type TraceDifference = z.infer<typeof TraceDifference>;

export const AgreeingTrace = z.object({
	result: z.literal("agrees"),
	node: z.string(),
	...viewFields,
	steps: z.array(TraceStep),
});

export const DifferingTrace = z.object({
	result: z.literal("differs"),
	node: z.string(),
	...viewFields,
	steps: z.array(TraceStep),
	difference: TraceDifference,
});

/** The node can't be traced. */
export const UntracedNode = z.object({
	result: z.literal("untraced"),
	node: z.string(),
	...viewFields,
	reason: z.enum(["notReady", "noTracer", "legacyIptables"]),
});

export const TraceFailure = z.discriminatedUnion("kind", [
	/** The kernel didn't see the packet: it may have taken another branch. */
	z.object({ kind: z.literal("unseen") }),
	/** The kernel saw several packets that match. */
	z.object({ kind: z.literal("ambiguous") }),
	/** The packet's journey doesn't pass the node. */
	z.object({ kind: z.literal("notOnJourney"), client: z.string(), address: z.string() }),
	z.object({ kind: z.literal("unreadableRules"), problem: ReadProblem }),
	/** No trace began in time. */
	z.object({ kind: z.literal("late"), seconds: z.number(), output: z.string() }),
	z.object({ kind: z.enum(["nftRefused", "tracerEnded", "monitorEnded", "error"]), message: z.string() }),
]);
export type TraceFailure = z.infer<typeof TraceFailure>;

export const FailedTrace = z.object({
	result: z.literal("failed"),
	node: z.string(),
	...viewFields,
	failure: TraceFailure,
});

/** The first packet of a client's request, as a node's kernel traced it, compared with the path predicted from the node's rules. */
export const NodeTrace = z.discriminatedUnion("result", [AgreeingTrace, DifferingTrace, UntracedNode, FailedTrace]);
export type NodeTrace = z.infer<typeof NodeTrace>;

/** Why a trace failed. */
export class TraceError extends Error {
	readonly failure: TraceFailure;

	constructor(failure: TraceFailure) {
		super(failure.kind);
		this.failure = failure;
	}
}
