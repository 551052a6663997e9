/** The input and output of a walk: a packet and a node's network in, the packet's paths out. */
import { z } from "zod";
import type { IpSets } from "./node/ipsets.ts";

export const Family = z.enum(["ipv4", "ipv6"]);
export type Family = z.infer<typeof Family>;

export const Protocol = z.enum(["tcp", "udp", "sctp"]);
export type Protocol = z.infer<typeof Protocol>;

/** A packet as netfilter first sees it on a node, before any rule has changed it. */
export interface Packet {
	family: Family;
	protocol: Protocol;
	source: string;
	sourcePort?: number;
	destination: string;
	destinationPort: number;
	/** The interface through which it arrives, if its name is known. */
	inInterface?: string;
	/** True: it arrives from the network or from a pod. Implied by `inInterface`; without both, a process sends it. */
	received?: boolean;
	/** The packet mark; 0 unless something set it before netfilter. */
	mark: number;
	/** Its state in conntrack. */
	ctstate: "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED" | "DNAT" | "SNAT";
}

/** Whether the packet arrives at the node, so that its path begins in PREROUTING and not in OUTPUT. */
export const isReceived = ({ inInterface, received }: Packet): boolean => received ?? inInterface !== undefined;

export interface NetworkInterface {
	name: string;
	addresses?: string[];
	/** Whether it is a bridge, if that is known. */
	bridge?: boolean;
}

/** Facts about a node besides its rules. A walk says "unknown" if a result depends on one that is missing. */
export interface NodeNetwork {
	/** The node's name, for the text of hops. */
	node?: string;
	/** All addresses that the kernel treats as its own (fib type local), loopback included. */
	localAddresses: string[];
	/** True: it may have others, so it isn't known which one masquerading uses without a route. */
	hasOtherAddresses?: boolean;
	/** All interfaces with their addresses, the primary one first, if they are known. */
	interfaces?: NetworkInterface[];
	/**
	 * Routes: to which interface packets for a destination go (CIDR; the longest prefix decides), and the source address
	 * that masquerading uses there, if it is known. Several to one destination share the traffic, as multipath routes do.
	 */
	routes?: { destination: string; interface?: string; source?: string }[];
	/** Kernel settings by name, such as "net.ipv4.ip_forward": "1". */
	sysctls?: Record<string, string>;
	/** All sets that rules of iptables refer to, if they are known. */
	ipsets?: IpSets;
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

/** The Kubernetes object that a rule implements. */
export const ObjectReference = z.object({ kind: z.string(), namespace: z.string().optional(), name: z.string() });
export type ObjectReference = z.infer<typeof ObjectReference>;

/** A kernel setting by which the kernel itself drops packets. */
export const KernelSetting = z.object({ name: z.string(), value: z.string(), required: z.string() });
export type KernelSetting = z.infer<typeof KernelSetting>;

/** One rule that acted on the packet. */
export const Hop = z.object({
	table: z.string(),
	chain: z.string(),
	/** The rule as its own tool prints it; for a chain's policy, a description. */
	rule: z.string(),
	effect: HopEffect,
	/** Chain jumped to, mark after the rule (0x…), address after NAT, or set that now remembers the source. */
	to: z.string().optional(),
	object: ObjectReference.optional(),
	/** The program that wrote the rule, if its names show that: "firewalld". */
	owner: z.string().optional(),
	/** The setting, if the kernel dropped the packet by itself. */
	setting: KernelSetting.optional(),
	/** What happened, in one sentence. */
	text: z.string(),
});
export type Hop = z.infer<typeof Hop>;

/** The places where a node's kernel keeps rules. */
export const RuleSource = z.enum(["iptables-nft", "iptables-legacy", "nft"]);
export type RuleSource = z.infer<typeof RuleSource>;

/** How a path ends. */
export const PathOutcome = z.enum(["endpoint", "reject", "drop", "untouched", "unknown"]);
export type PathOutcome = z.infer<typeof PathOutcome>;

/** A packet's path through a node. Where rules choose at random there are several; their probabilities add up to 1. */
export const Path = z.object({
	probability: z.number(),
	outcome: PathOutcome,
	/** Address and port after DNAT (outcome "endpoint"). */
	endpoint: z.object({ address: z.string(), port: z.number() }).optional(),
	/** True: a rule rewrites the source address on the way out, so the endpoint sees an address of this node. */
	masqueraded: z.boolean(),
	/** The source address that the receiver sees, if it is known. */
	clientIp: z.string().optional(),
	/** The answer to the sender (outcome "reject"): "icmp-port-unreachable", "tcp-reset" … */
	rejectedWith: z.string().optional(),
	/** Conditions that couldn't be evaluated. The result doesn't depend on them, but the hops may. */
	unevaluated: z.array(z.string()).optional(),
	/** Rules that couldn't be read: if the node has any there, they may change this path. */
	unread: z.array(RuleSource).optional(),
	hops: z.array(Hop),
});
export type Path = z.infer<typeof Path>;

/** The tool whose rules serve the Service. */
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
