/** What can be wrong with one node's rules. */
import { z } from "zod";
import { Backend, Family, RuleSource } from "../netfilter/model.ts";
import { Command } from "./model.ts";

/** Why a node's rules can't be read. */
export const ReadProblem = z.discriminatedUnion("kind", [
	/** No pod on the node can read them. */
	z.object({ kind: z.literal("noReader") }),
	/** The program failed, or something else did. */
	z.object({ kind: z.literal("failed"), message: z.string() }),
	/** The output is truncated, or it isn't a rule dump. */
	z.object({
		kind: z.literal("incomplete"),
		program: Command,
		reason: z.string(),
		characters: z.int(),
		/** The end of the output. */
		tail: z.string(),
	}),
	z.object({ kind: z.literal("missingChain"), chain: z.string(), table: z.string() }),
	/** `leftovers`: some chains of kube-proxy are there. */
	z.object({ kind: z.literal("noProxyRules"), leftovers: z.boolean() }),
	/** kube-proxy serves Services by other means than rules. */
	z.object({ kind: z.literal("otherProxyMode"), mode: z.enum(["ipvs", "userspace"]), chain: z.string() }),
]);
export type ReadProblem = z.infer<typeof ReadProblem>;

/** Rules that couldn't be read, next to those that could, or what they depend on. */
export const RulesGap = z.object({
	/** Or what rules depend on: "network", its interfaces, routes and settings; "recent", the clients that it remembers; "ipset". */
	source: z.enum([...RuleSource.options, "network", "recent", "ipset"]),
	/** Absent: of all families. */
	family: Family.optional(),
	/** Whether there are such rules: a path that meets them is unknown. */
	present: z.enum(["yes", "unknown"]),
	problem: ReadProblem,
});
export type RulesGap = z.infer<typeof RulesGap>;

/** Rules of a kube-proxy that ran before in another mode or with another back end. */
export const Leftovers = z.object({ backend: Backend, chain: z.string() });
export type Leftovers = z.infer<typeof Leftovers>;

/** How a node's rules differ from the API objects. */
export const RulesProblem = z.discriminatedUnion("kind", [
	/** Where the nodePort leads: "address:port", or an outcome. */
	z.object({
		kind: z.literal("endpoints"),
		expected: z.array(z.string()),
		observed: z.array(z.string()),
		/** The other program than kube-proxy whose rule decides, and the rule. */
		foreign: z.object({ owner: z.string(), rule: z.string() }).optional(),
	}),
	/** Where queries to the DNS Service lead: an address, or an outcome. */
	z.object({ kind: z.literal("dns"), expected: z.array(z.string()), observed: z.array(z.string()) }),
	/** What happens to the source address of clients outside the cluster. */
	z.object({
		kind: z.literal("policy"),
		expected: z.enum(["Cluster", "Local"]),
		observed: z.enum(["kept", "rewritten"]),
	}),
]);
export type RulesProblem = z.infer<typeof RulesProblem>;
