/** What the report tells of the kernel's traces. */
import { z } from "zod";

/** How the kernel ends a rule: NAT with "accept", a reject with "drop", what only changes the packet with "continue". */
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

/** What the kernel tells of a traced packet: a rule whose conditions it met, or the end of a base chain. */
export const TraceStep = z.object({
	table: z.string(),
	chain: z.string(),
	kind: z.enum(["rule", "policy", "return"]),
	verdict: TraceVerdict,
	/** The chain that it goes to: after "jump" and "goto". */
	to: z.string().optional(),
	/** The rule as its tool lists it: "-A KUBE-SERVICES …" of iptables, "ip daddr … jump …" of nft. */
	rule: z.string().optional(),
	/** The number of the rule in its table. */
	handle: z.int().optional(),
	/** The packet's mark, which nft tells at the end of a base chain. */
	mark: z.int().optional(),
});
export type TraceStep = z.infer<typeof TraceStep>;

/** Where the kernel's way of a packet and the walk's part. */
export const TraceDifference = z.object({
	/** How many rules they have in common before. */
	agreed: z.int(),
	kernel: z.string(),
	walk: z.string(),
});
export type TraceDifference = z.infer<typeof TraceDifference>;

/** One SYN of the lab's first client to a node's nodePort, as that node's kernel traced it, held against the walk. */
export const NodeTrace = z.discriminatedUnion("result", [
	z.object({ result: z.literal("agrees"), node: z.string(), steps: z.array(TraceStep) }),
	z.object({
		result: z.literal("differs"),
		node: z.string(),
		steps: z.array(TraceStep),
		difference: TraceDifference,
	}),
	/** The node cannot be asked: it is not Ready, has no tracer, or its iptables is of the kind that tells nobody. */
	z.object({ result: z.literal("untraced"), node: z.string(), reason: z.string() }),
	/** It was asked in vain; also where its kernel did not see the packet that the walk leads over it. */
	z.object({ result: z.literal("failed"), node: z.string(), reason: z.string() }),
]);
export type NodeTrace = z.infer<typeof NodeTrace>;
