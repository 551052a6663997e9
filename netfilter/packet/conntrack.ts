/** What conntrack knows about a packet's connection. */
import type { Address } from "../address.ts";
import { type Chance, certainly } from "../chance.ts";

export interface Conntrack {
	/** False only before conntrack's own hook (priority -200), where every packet counts as INVALID. */
	readonly seen: boolean;
	readonly state: "NEW" | "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED";
	/** IPS_DST_NAT and IPS_SRC_NAT: NAT changed the connection's destination or source. */
	readonly destinationNat: boolean;
	readonly sourceNat: boolean | "unknown";
	/** Whether NAT is decided for the connection: chains of type nat see only its first packet. */
	readonly destinationSettled: boolean;
	readonly sourceSettled: boolean;
	/** The connection's mark (ct mark, CONNMARK); undefined: unknown. */
	readonly mark: number | undefined;
	/** Its addresses before NAT; undefined: unknown. */
	readonly original: Tuple | undefined;
}

/** The ends of the packets of one direction; several addresses: it is one of them. */
export interface Tuple {
	sources: readonly Address[];
	/** undefined: unknown. */
	sourcePort: number | undefined;
	destinations: readonly Address[];
	destinationPort: number | undefined;
}

type Tracked = Pick<Tuple, "sources" | "sourcePort"> & {
	destination: Address;
	destinationPort: number;
	conntrack: Conntrack;
};

/** Of a connection's first packet: its replies come from where NAT sends it so far. undefined: unknown. */
export function tupleOf(state: Tracked, direction: "original" | "reply"): Tuple | undefined {
	const { original } = state.conntrack;
	if (!original || direction === "original") return original;
	return {
		sources: [state.destination],
		sourcePort: state.destinationPort,
		destinations: state.sources,
		destinationPort: state.sourcePort,
	};
}

/** Whether a packet has a state of conntrack or a kind of NAT (the same in the kernel's xt_conntrack and nft_ct). */
export function chanceOfConntrack({ conntrack }: Pick<Tracked, "conntrack">, name: string): Chance {
	const { seen, state, destinationNat, sourceNat } = conntrack;
	const current = !seen && state !== "UNTRACKED" ? "INVALID" : state;
	const isTracked = hasConnection({ conntrack });
	if (name === "DNAT") return certainly(isTracked && destinationNat);
	if (name === "SNAT")
		return isTracked && sourceNat === "unknown" ? "unknown" : certainly(isTracked && sourceNat === true);
	return certainly(current === name);
}

/** Whether conntrack has assigned the packet to a connection. */
export const hasConnection = ({ conntrack: { seen, state } }: Pick<Tracked, "conntrack">): boolean =>
	seen && state !== "INVALID" && state !== "UNTRACKED";

/**
 * Whether the connection has a status, by iptables' and nft's names. A connection is confirmed when its first packet leaves
 * the node's rules (nf_confirm in net/netfilter/nf_conntrack_proto.c), and comes back by lo as such.
 */
export function chanceOfStatus({ conntrack, inInterface }: StatusView, name: string): Chance {
	const status = name.toLowerCase().replace("_", "-");
	if (status === "dnat" || status === "snat") return chanceOfConntrack({ conntrack }, status.toUpperCase());
	if (status === "none") return 0;
	if (!hasConnection({ conntrack }) || conntrack.state !== "NEW") return "unknown";
	if (["expected", "seen-reply", "assured", "dying"].includes(status)) return 0;
	return status === "confirmed" ? certainly(inInterface === "lo") : "unknown";
}

interface StatusView {
	conntrack: Conntrack;
	inInterface: string | undefined;
}
