/** What the lesson asks, measures and breaks, as data. report/lesson/ makes the sentences. */
import { z } from "zod";
import type { JourneyWithHops } from "../journey/model.ts";
import { Outcome } from "../model.ts";

/** A prediction or a measured value: both are compared, and stored with the progress. */
export const Value = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("count"), of: z.enum(["nodes", "endpoints"]), count: z.int() }),
	z.object({ kind: z.literal("node"), node: z.string() }),
	/** A request without an answer of the echo. */
	z.object({ kind: z.literal("noAnswer"), outcome: Outcome }),
	z.object({ kind: z.literal("address"), address: z.string() }),
	z.object({ kind: z.literal("chain"), chain: z.string() }),
	z.object({ kind: z.literal("rewrites"), source: z.boolean(), destination: z.boolean() }),
	/** What the API server does with an object. */
	z.object({ kind: z.literal("admission"), accepted: z.boolean() }),
]);
export type Value = z.infer<typeof Value>;

/** What a question is about. */
export type Subject =
	| { kind: "readyNodes" }
	| { kind: "podNode"; pod: string; nodeSelector: Record<string, string> }
	| { kind: "endpoints"; service: string; nodes: number }
	/** `of`: who answers, or which client IP the pod sees. */
	| {
			kind: "request";
			of: "answer" | "clientIp";
			client: string;
			clientIp: string;
			clientNode: string;
			address: string;
			/** The node whose nodePort is called. */
			node?: string;
			/** How the target differs from the other questions' targets. */
			target: "withoutPod" | "podNode" | "dnsName";
			/** The traffic policy during the request, if it isn't the lab's. */
			policy?: "Local";
	  }
	| { kind: "nodesWithRules"; nodePort: number }
	| { kind: "destinationChain"; node: string; address: string }
	| { kind: "rewrites"; node: string; address: string }
	| { kind: "nodesPassed"; client: string; node: string; podNode: string }
	| { kind: "secondService"; nodePort: number };

export interface Measured {
	value: Value;
	/** Other values that the rules allow too, where a rule chooses at random. */
	possible?: Value[];
	/** The packet's journey, if rules explain the value. */
	journey?: z.infer<typeof JourneyWithHops>;
	/** Repeats the measurement, as an argument vector. */
	command?: string[];
	/** What was read, as it was printed: rules, or the API server's message. */
	quoted?: string[];
}

/** One thing that an exercise or a question breaks, with what it takes to repair it. */
export const Fault = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("stoppedNode"), node: z.string() }),
	z.object({ kind: z.literal("localPolicy"), before: z.enum(["Cluster", "Local"]) }),
	z.object({ kind: z.literal("targetPort"), before: z.union([z.int(), z.string()]), port: z.int() }),
	z.object({ kind: z.literal("firewallRule"), node: z.string(), port: z.int() }),
	z.object({
		kind: z.literal("flushedChain"),
		node: z.string(),
		proxyMode: z.enum(["iptables", "nftables"]),
		chain: z.string(),
	}),
]);
export type Fault = z.infer<typeof Fault>;
export type FaultKind = Fault["kind"];
