/**
 * The words that all of the verification shares. What crosses a process boundary is a zod schema, and its type is
 * inferred from it; the rest are plain types. What is asked: request.ts. What is told: report/model.ts.
 */
import { z } from "zod";

/** A node as `kubectl get nodes -o wide` shows it. Source: the Node object. */
export const Node = z.object({
	name: z.string(),
	role: z.enum(["control-plane", "worker"]),
	ready: z.boolean(),
	internalIp: z.string(),
	podCidr: z.string(),
	labels: z.record(z.string(), z.string()),
	kubeletVersion: z.string(),
	osImage: z.string(),
	kernelVersion: z.string(),
	containerRuntime: z.string(),
});
export type Node = z.infer<typeof Node>;

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

/**
 * What kube-proxy writes; "unknown" where no node's rules could be read, "none" where they could, and nothing of
 * kube-proxy's is on any node: something else serves Services.
 */
export const ProxyMode = z.enum(["iptables", "nftables", "none", "unknown"]);
export type ProxyMode = z.infer<typeof ProxyMode>;

export const TargetKind = z.enum(["nodePort", "podIp", "clusterIp", "serviceDns"]);
export type TargetKind = z.infer<typeof TargetKind>;

/** Where a request goes; `address` is "host:port". */
export const Target = z.object({ kind: TargetKind, address: z.string(), node: z.string().optional() });
export type Target = z.infer<typeof Target>;

/** How a request ended; the classes are those of the Kubernetes end-to-end tests' `agnhost connect`, and HTTP errors. */
export const Outcome = z.enum(["ok", "timeout", "refused", "dns", "http", "other"]);
export type Outcome = z.infer<typeof Outcome>;

/** What must happen: any one of `podIps`, on any of `nodes`, may answer, and must see `clientIp`; absent: not known before. */
export const Expected = z.object({
	outcome: Outcome,
	nodes: z.array(z.string()).optional(),
	podIps: z.array(z.string()).optional(),
	clientIp: z.string().optional(),
});
export type Expected = z.infer<typeof Expected>;

export const Observed = z.object({
	outcome: Outcome,
	/** The answer as it came, at most 1,000 characters; where there was none, what the client's program said. */
	body: z.string().optional(),
	node: z.string().optional(),
	podIp: z.string().optional(),
	clientIp: z.string().optional(),
	milliseconds: z.number().optional(),
});
export type Observed = z.infer<typeof Observed>;

/** One client asking one target. External: through a NodePort; internal: through the Service's or the pod's port. */
export const Cell = z.object({
	client: z.string(),
	scope: z.enum(["external", "internal"]),
	target: Target,
	expected: Expected,
	observed: Observed,
	ok: z.boolean(),
	/** Repeats this probe when pasted into a shell. */
	command: z.string(),
});
export type Cell = z.infer<typeof Cell>;

/** What one node's kernel would do with a packet of the lab's client to this node's nodePort. */
export const NodeRules = z.object({
	node: z.string(),
	backend: Backend,
	/** The raw lines that name the Service, and those of the chains that they lead to. */
	rules: z.array(z.string()),
	paths: z.array(Path.pick({ probability: true, hops: true })),
});
export type NodeRules = z.infer<typeof NodeRules>;

export const Pod = z.object({ name: z.string(), ip: z.string(), node: z.string() });
export type Pod = z.infer<typeof Pod>;

export const Service = z.object({
	name: z.string(),
	namespace: z.string(),
	dnsName: z.string(),
	clusterIp: z.string(),
	port: z.int(),
	portName: z.string(),
	nodePort: z.int(),
	externalTrafficPolicy: z.enum(["Cluster", "Local"]),
	/** ClientIP: each node leads a client that it remembers to the pod that served it before. */
	sessionAffinity: z.enum(["None", "ClientIP"]),
});
export type Service = z.infer<typeof Service>;
