/** The conditions of an iptables rule. */
import type { AddressRange, PortRange } from "../../address.ts";

/** A condition; `not` if an exclamation mark negates it. */
export type Match = { not: boolean } & MatchKind;

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
	/** The connection's addresses before NAT. */
	| { kind: "original-address"; of: "source" | "destination"; range: AddressRange }
	| { kind: "original-port"; ranges: PortRange[] }
	| { kind: "direction"; direction: string }
	| { kind: "random"; probability: number }
	| { kind: "recent"; action: "rcheck" | "update" | "set" | "remove"; list: string }
	| { kind: "reverse-path"; loose: boolean; acceptsLocal: boolean }
	/** "both": a bridge forwards the packet. */
	| { kind: "bridge-port"; of: "in" | "out" | "both" }
	/** `bound`: only sockets that are bound to the packet's own destination count. */
	| { kind: "socket"; bound: boolean }
	/** A header that packets of TCP, UDP and SCTP don't have: ICMP's, IPsec's, IPv6 extensions. */
	| { kind: "header"; name: string }
	/** The process that sent the packet: one that was received has none (xt_owner.c). */
	| { kind: "owner" }
	| { kind: "nfacct"; name: string }
	| { kind: "unknown"; text: string; reason?: string };

export const unknown = (text: string): Match => ({ kind: "unknown", text, not: false });
