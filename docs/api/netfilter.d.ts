/** The input and output of a walk: a packet and a node's network in, the packet's paths out. */

type Family = "ipv4" | "ipv6";
type Protocol = "tcp" | "udp" | "sctp";
/** A packet as netfilter first sees it on a node, before any rule has changed it. */
interface Packet {
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
interface NetworkInterface {
    name: string;
    addresses?: string[];
    /** Whether it is a bridge, if that is known. */
    bridge?: boolean;
}
/** Facts about a node besides its rules. A walk says "unknown" if a result depends on one that is missing. */
interface NodeNetwork {
    /** The node's name, for the text of hops. */
    node?: string;
    /** All addresses that the kernel treats as its own (fib type local), loopback included. */
    localAddresses: string[];
    /** All interfaces with their addresses, the primary one first, if they are known. */
    interfaces?: NetworkInterface[];
    /**
     * Routes: to which interface packets for a destination go (CIDR; the longest prefix decides), and the source address
     * that masquerading uses there, if it is known. Several to one destination share the traffic, as multipath routes do.
     */
    routes?: {
        destination: string;
        interface?: string;
        source?: string;
    }[];
    /** Kernel settings by name, such as "net.ipv4.ip_forward": "1". */
    sysctls?: Record<string, string>;
}
type HopEffect = "unknown" | "jump" | "goto" | "return" | "mark" | "dnat" | "snat" | "masquerade" | "notrack" | "update" | "accept" | "drop" | "reject";
type ObjectReference = { kind: string; name: string; namespace?: string | undefined; };
type KernelSetting = { name: string; value: string; required: string; };
type Hop = { table: string; chain: string; rule: string; effect: "unknown" | "jump" | "goto" | "return" | "mark" | "dnat" | "snat" | "masquerade" | "notrack" | "update" | "accept" | "drop" | "reject"; text: string; to?: string | undefined; object?: { kind: string; name: string; namespace?: string | undefined; } | undefined; owner?: string | undefined; setting?: { name: string; value: string; required: string; } | undefined; };
type RuleSource = "iptables-nft" | "iptables-legacy" | "nft";
type PathOutcome = "unknown" | "drop" | "reject" | "endpoint" | "untouched";
type Path = { probability: number; outcome: "unknown" | "drop" | "reject" | "endpoint" | "untouched"; masqueraded: boolean; hops: { table: string; chain: string; rule: string; effect: "unknown" | "jump" | "goto" | "return" | "mark" | "dnat" | "snat" | "masquerade" | "notrack" | "update" | "accept" | "drop" | "reject"; text: string; to?: string | undefined; object?: { kind: string; name: string; namespace?: string | undefined; } | undefined; owner?: string | undefined; setting?: { name: string; value: string; required: string; } | undefined; }[]; endpoint?: { address: string; port: number; } | undefined; clientIp?: string | undefined; rejectedWith?: string | undefined; unevaluated?: string[] | undefined; unread?: ("iptables-nft" | "iptables-legacy" | "nft")[] | undefined; };

/** What the tools of one node print, all of one address family. What is left out counts as empty. */
interface RuleTexts {
    /** The output of `iptables-save` or `ip6tables-save`, with the back end that the node uses. */
    iptables?: string;
    /** The output of `iptables-legacy-save`, if the node has those tables as well. */
    legacy?: string;
    /** The output of `nft -j list ruleset`. Its tables of iptables are taken from `iptables`. */
    nftables?: string;
}
interface WalkOptions {
    /**
     * Lists and sets of session affinity ("KUBE-SEP-…", "affinity-…") that contain the packet's source.
     * @default none, as for a client's first packet
     */
    affinity?: Iterable<string>;
}
interface Rules {
    /**
     * All paths that the packet may take through the node, hop by hop; their probabilities add up to 1. A path whose end depends
     * on something that isn't known ends as "unknown". Rules of NAT act on the first packet of a connection (ctstate NEW); for
     * later packets, give the addresses after NAT.
     * @throws if an address can't be parsed, or the packet isn't of the family of the iptables rules
     */
    walk(packet: Packet, network: NodeNetwork, options?: WalkOptions): Path[];
    /** Every rule with a part that a walk can't evaluate, and why. */
    notUnderstood(): string[];
}
/**
 * Parses the rules of one node.
 * @throws if a text isn't the whole output of its tool
 */
declare function parseRules({ iptables, legacy, nftables }: RuleTexts): Rules;

export { parseRules };
export type { Family, Hop, HopEffect, KernelSetting, NodeNetwork, ObjectReference, Packet, Path, PathOutcome, Protocol, RuleSource, RuleTexts, Rules, WalkOptions };
