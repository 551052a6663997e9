/** Sets of the kernel that rules of iptables refer to by `-m set`, as `ipset save` prints them. */

/** A set by its name. */
type IpSets = ReadonlyMap<string, IpSet>;
interface IpSet {
    family: "ipv4" | "ipv6" | undefined;
    /** What an element consists of: "ip", "net", "port", "iface" … */
    parts: string[];
    /** For example a netmask, which changes what is compared. */
    isUnderstood: boolean;
    elements: Element[];
}
interface Element {
    /** As written: "10.0.0.1", "tcp:80"; in a set of sets, a set's name. */
    values: string[];
    /** An exception in a larger network. */
    nomatch: boolean;
}

/** The input and output of a walk: a packet and a node's network in, the packet's paths out. */

type Family = "ipv4" | "ipv6";
type Protocol = "sctp" | "tcp" | "udp";
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
    /** True: it may have others, so it isn't known which one masquerading uses without a route. */
    hasOtherAddresses?: boolean;
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
    /** All sets that rules of iptables refer to, if they are known. */
    ipsets?: IpSets;
}
type HopEffect = "accept" | "dnat" | "drop" | "goto" | "jump" | "mark" | "masquerade" | "notrack" | "reject" | "return" | "snat" | "unknown" | "update";
type ObjectReference = {
    kind: string;
    name: string;
    namespace?: string | undefined;
};
type KernelSetting = {
    name: string;
    required: string;
    value: string;
};
type Hop = {
    chain: string;
    effect: "accept" | "dnat" | "drop" | "goto" | "jump" | "mark" | "masquerade" | "notrack" | "reject" | "return" | "snat" | "unknown" | "update";
    object?: {
        kind: string;
        name: string;
        namespace?: string | undefined;
    } | undefined;
    owner?: string | undefined;
    rule: string;
    setting?: {
        name: string;
        required: string;
        value: string;
    } | undefined;
    table: string;
    text: string;
    to?: string | undefined;
};
type RuleSource = "iptables-legacy" | "iptables-nft" | "nft";
type PathOutcome = "drop" | "endpoint" | "reject" | "unknown" | "untouched";
type Path = {
    clientIp?: string | undefined;
    endpoint?: {
        address: string;
        port: number;
    } | undefined;
    hops: {
        chain: string;
        effect: "accept" | "dnat" | "drop" | "goto" | "jump" | "mark" | "masquerade" | "notrack" | "reject" | "return" | "snat" | "unknown" | "update";
        object?: {
            kind: string;
            name: string;
            namespace?: string | undefined;
        } | undefined;
        owner?: string | undefined;
        rule: string;
        setting?: {
            name: string;
            required: string;
            value: string;
        } | undefined;
        table: string;
        text: string;
        to?: string | undefined;
    }[];
    masqueraded: boolean;
    outcome: "drop" | "endpoint" | "reject" | "unknown" | "untouched";
    probability: number;
    rejectedWith?: string | undefined;
    unevaluated?: string[] | undefined;
    unread?: ("iptables-legacy" | "iptables-nft" | "nft")[] | undefined;
};

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
