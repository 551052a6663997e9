/** A packet's journey as the report stores it. */
import { z } from "zod";
import { Hop, RuleSource } from "../../netfilter/model.ts";
import { Outcome, viewFields } from "../model.ts";

/** Why the end of a branch isn't known. */
export const UnknownReason = z.enum([
	/** The client's node isn't one of the cluster's. */
	"clientNode",
	/** The address of a client outside the cluster isn't known. */
	"clientAddress",
	/** The node's rules couldn't be read. */
	"unreadRules",
	/** The packet goes from node to node in a circle. */
	"loop",
	/** A rule that can't be evaluated: see `detail`. */
	"rule",
	/** The source address that the packet leaves the node with isn't known. */
	"source",
	/** A rule sends it to an address of no known node or pod: see `to`. */
	"otherNode",
]);
export type UnknownReason = z.infer<typeof UnknownReason>;

/** How a branch ends. */
export const End = z.discriminatedUnion("kind", [
	z.object({
		kind: z.literal("pod"),
		node: z.string(),
		address: z.string(),
		port: z.int(),
		/** The source address that the pod sees. */
		clientIp: z.string(),
		/** The pod's name; absent: it isn't an endpoint of the Service. */
		pod: z.string().optional(),
	}),
	/** The packet is for the node itself: it is refused unless a process listens there. */
	z.object({
		kind: z.literal("node"),
		node: z.string(),
		address: z.string(),
		port: z.int(),
		clientIp: z.string(),
	}),
	/** `owner`: the program that wrote the rule. */
	z.object({ kind: z.literal("reject"), node: z.string(), with: z.string(), owner: z.string().optional() }),
	z.object({ kind: z.literal("drop"), node: z.string(), owner: z.string().optional() }),
	/** The packet stays in the network namespace of the client, a pod or a machine outside: no node's rules see it. */
	z.object({ kind: z.literal("loopback") }),
	/** No node and no pod of the cluster has this address. */
	z.object({ kind: z.literal("unreachable"), address: z.string() }),
	z.object({
		kind: z.literal("unknown"),
		node: z.string(),
		reason: UnknownReason,
		/** The hop whose rule can't be evaluated, in words. */
		detail: z.string().optional(),
		/** Where a rule sends it. */
		to: z.object({ address: z.string(), port: z.int(), isEndpoint: z.boolean() }).optional(),
	}),
]);
export type End = z.infer<typeof End>;

/** What one node's rules do with the packet. */
export const RecordedLeg = z.object({
	node: z.string(),
	/** As the packet arrives. */
	source: z.string(),
	/** "host:port" */
	destination: z.string(),
	/** Indexes into the list of hops. */
	hops: z.array(z.int()),
	/** Rules that couldn't be read: if the node has any there, they may change this leg. */
	unread: z.array(RuleSource).optional(),
});
export type RecordedLeg = z.infer<typeof RecordedLeg>;

/** One branch of a journey. */
export const RecordedBranch = z.object({
	probability: z.number(),
	legs: z.array(RecordedLeg),
	/** What the client sees. */
	outcome: Outcome,
	end: End,
});
export type RecordedBranch = z.infer<typeof RecordedBranch>;

/** The journey of one request's first packet, its most probable branches first. */
export const RecordedJourney = z.object({
	client: z.string(),
	/** "host:port" of the target */
	address: z.string(),
	...viewFields,
	branches: z.array(RecordedBranch),
	omittedBranches: z.int(),
});
export type RecordedJourney = z.infer<typeof RecordedJourney>;

/** A journey with its own list of hops. */
export const JourneyWithHops = RecordedJourney.extend({ hops: z.array(Hop) });
export type JourneyWithHops = z.infer<typeof JourneyWithHops>;

/** The journeys of several requests, with one list of hops. */
export const RecordedJourneys = z.object({
	hops: z.array(Hop),
	requests: z.array(RecordedJourney),
	omittedRequests: z.int(),
});
export type RecordedJourneys = z.infer<typeof RecordedJourneys>;
