/** The conditions of an iptables rule. */
import type { AddressRange, PortRange } from "../../address.ts";

/**
 * A condition; `not` if an exclamation mark negates it. `withState`: `-m conntrack` also asks for a state, and then asks
 * packets without a connection for nothing else (conntrack_mt in net/netfilter/xt_conntrack.c).
 */
export type Match = { not: boolean; withState?: true } & MatchKind;

export type MatchKind =
	| { kind: "source" | "destination"; range: AddressRange }
	| { kind: "in-interface" | "out-interface"; name: string }
	| { kind: "protocol"; protocol: string }
	| { kind: "source-port" | "destination-port" | "either-port"; ranges: PortRange[] }
	| { kind: "tcp-flags"; mask: string[]; set: string[] }
	| { kind: "fragment" }
	| { kind: "mark" | "connection-mark"; value: number; mask: number }
	/** `on`: a local address must be one of the packet's interface (`--limit-iface-in`, `--limit-iface-out`). */
	| { kind: "address-type"; of: "source" | "destination"; types: string[]; on?: "in" | "out" }
	| { kind: "conntrack-state"; states: string[] }
	/** The connection's ends before NAT, or those of its replies. */
	| { kind: "connection-address"; direction: "original" | "reply"; of: "source" | "destination"; range: AddressRange }
	| { kind: "connection-port"; direction: "original" | "reply"; of: "source" | "destination"; ranges: PortRange[] }
	| { kind: "connection-protocol"; protocol: string }
	| { kind: "connection-status"; statuses: string[] }
	| { kind: "direction"; direction: string }
	/** A connection that another one's helper expects (xt_helper.c). */
	| { kind: "helper" }
	| { kind: "random"; probability: number }
	/** `hits`: so many packets must have been remembered. */
	| { kind: "recent"; action: "rcheck" | "update" | "set" | "remove"; list: string; hits: number }
	| { kind: "reverse-path"; loose: boolean; acceptsLocal: boolean }
	/** "both": a bridge forwards the packet. */
	| { kind: "bridge-port"; of: "in" | "out" | "both" }
	/** `bound`: only sockets that are bound to the packet's own destination count. */
	| { kind: "socket"; bound: boolean }
	/** A header that packets of TCP, UDP and SCTP don't have: ICMP's, IPsec's, IPv6 extensions. */
	| { kind: "header"; name: string }
	/** The process that sent the packet: one that was received has none (xt_owner.c). */
	| { kind: "owner" }
	| { kind: "cgroup" }
	/** How the link layer received the packet: "unicast", "broadcast", "multicast". */
	| { kind: "packet-type"; type: string }
	/** `directions`: "src" or "dst" for each part of the set's elements. */
	| { kind: "set"; name: string; directions: string[] }
	| { kind: "nfacct"; name: string }
	| { kind: "unknown"; text: string; reason?: string };

export const unknown = (text: string): Match => ({ kind: "unknown", text, not: false });
