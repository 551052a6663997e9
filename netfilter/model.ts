/** What a walk takes and returns: a packet and a node's network in, the packet's paths out. */
import { z } from "zod";

export const Family = z.enum(["ipv4", "ipv6"]);
export type Family = z.infer<typeof Family>;

export const Protocol = z.enum(["tcp", "udp", "sctp"]);
export type Protocol = z.infer<typeof Protocol>;

/** One packet as netfilter first meets it on a node: before any rule has changed it. */
export interface Packet {
	family: Family;
	protocol: Protocol;
	source: string;
	sourcePort?: number;
	destination: string;
	destinationPort: number;
	/** The interface that it arrives by; absent: a process of this node sends it (OUTPUT instead of PREROUTING). */
	inInterface?: string;
	/** The packet mark, 0 unless something before netfilter set it. */
	mark: number;
	/** The state that conntrack gives it. */
	ctstate: "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED" | "DNAT" | "SNAT";
}

/** What the walk must know of a node besides its rules. */
export interface NodeNetwork {
	/** The node's name, for the words of its paths. */
	node?: string;
	/** Every address that the kernel counts as its own (fib type local), loopback included. */
	localAddresses: string[];
	/**
	 * Where known: by which interface packets leave for a destination (CIDR; the longest prefix decides), and the address
	 * that masquerading gives them there. Without it, a walk that depends on the interface says "unknown".
	 */
	routes?: { destination: string; interface: string; source: string }[];
}

export const HopEffect = z.enum([
	"jump",
	"goto",
	"return",
	"mark",
	"dnat",
	"snat",
	"masquerade",
	"notrack",
	"update",
	"accept",
	"drop",
	"reject",
	"unknown",
]);
export type HopEffect = z.infer<typeof HopEffect>;

/** The Kubernetes object that a rule stands for. */
export const ObjectReference = z.object({ kind: z.string(), namespace: z.string().optional(), name: z.string() });
export type ObjectReference = z.infer<typeof ObjectReference>;

/** One rule that acted on the packet. */
export const Hop = z.object({
	table: z.string(),
	chain: z.string(),
	/** The rule as its own tool prints it; for a chain's policy or end, that in words. */
	rule: z.string(),
	effect: HopEffect,
	/** Chain jumped to, mark after the rule (0x…), address after NAT, or set that now remembers the source. */
	to: z.string().optional(),
	object: ObjectReference.optional(),
	/** What happened, in one sentence for a student. */
	text: z.string(),
});
export type Hop = z.infer<typeof Hop>;

/** How a packet's way through the rules ends. */
export const PathOutcome = z.enum(["endpoint", "reject", "drop", "untouched", "unknown"]);
export type PathOutcome = z.infer<typeof PathOutcome>;

/** One way that a packet may take; where rules draw lots, there are several, and their probabilities add up to 1. */
export const Path = z.object({
	probability: z.number(),
	outcome: PathOutcome,
	/** Address and port after DNAT (outcome "endpoint"). */
	endpoint: z.object({ address: z.string(), port: z.number() }).optional(),
	/** True: the source is rewritten on the way out (masquerade), so the endpoint sees an address of this node. */
	masqueraded: z.boolean(),
	/** The source address that the receiver sees, where the rules and routes tell it. */
	clientIp: z.string().optional(),
	/** What the sender is told (outcome "reject"): "icmp-port-unreachable", "tcp-reset" … */
	rejectedWith: z.string().optional(),
	hops: z.array(Hop),
});
export type Path = z.infer<typeof Path>;

/** Which tool keeps the rules that answered. */
export const Backend = z.enum(["iptables-nft", "iptables-legacy", "nftables"]);
export type Backend = z.infer<typeof Backend>;

/** A rule in the kernel's trace of a packet: its text (xtables-monitor) or its handle (`nft monitor trace`). */
export interface TracedRule {
	table: string;
	chain: string;
	rule?: string | undefined;
	handle?: number | undefined;
}

/** The traced rule as the hops of a path write it; undefined: the rules that were walked don't contain it. */
export type RuleText = (traced: TracedRule, family: Family) => string | undefined;
