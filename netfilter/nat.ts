/** What NAT does to a packet's state, whichever tool wrote the rule. */
import { type Address, type Network, withPort } from "./address.ts";
import { type Conntrack, type PacketState, type RuleReference, recorded } from "./state.ts";

/** Where a rule sends a packet; what it leaves out stays as it is. */
export interface Translation {
	address?: Address | undefined;
	port?: number | undefined;
}

export function translateDestination(
	state: PacketState,
	rule: RuleReference,
	{ address, port }: Translation,
): PacketState {
	const destination = address ?? state.destination;
	const destinationPort = port ?? state.destinationPort;
	const changed = destination.toString() !== state.destination.toString() || destinationPort !== state.destinationPort;
	const conntrack = {
		...state.conntrack,
		destinationSettled: true,
		// The kernel sets IPS_DST_NAT only where the translation differs (nf_nat_setup_info in nf_nat_core.c).
		destinationNat: state.conntrack.destinationNat || changed,
	};
	const action = { effect: "dnat", to: withPort(destination, destinationPort) } as const;
	return recorded(state, rule, action, { destination, destinationPort, conntrack });
}

export function translateSource(state: PacketState, rule: RuleReference, { address, port }: Translation): PacketState {
	const sources = address ? [address] : state.sources;
	const to = sources.map((source) => (port === undefined ? source.toString() : withPort(source, port))).join(" or ");
	const otherPort = port === undefined ? false : state.sourcePort === undefined ? undefined : port !== state.sourcePort;
	const conntrack = withSource(state, sources, otherPort);
	return recorded(state, rule, { effect: "snat", to }, { sources, sourcePort: port, conntrack });
}

/** @param random whether the rule wants another source port, whatever the address; undefined: it does not tell */
export function masquerade(
	state: PacketState,
	rule: RuleReference,
	network: Network,
	random: boolean | undefined,
): PacketState {
	const sources = network.sourcesTowards(state.destination);
	const [source] = sources;
	const known = sources.length === 1 && source ? { to: source.toString() } : {};
	const changes = { sources, sourcePort: undefined, conntrack: withSource(state, sources, random) };
	return recorded(state, rule, { effect: "masquerade", ...known }, changes);
}

/** The connection after NAT of its source, which counts as that only where something differs (IPS_SRC_NAT). */
function withSource(state: PacketState, sources: readonly Address[], otherPort: boolean | undefined): Conntrack {
	const before = state.sources.map(String);
	const kept = sources.filter((source) => before.includes(source.toString())).length;
	const differs = kept === 0 || otherPort === true;
	const isSame = sources.length === 1 && kept === 1 && otherPort === false;
	return { ...state.conntrack, sourceSettled: true, sourceNat: differs ? true : isSame ? false : "unknown" };
}

/** Keeps conntrack, and with it NAT, from a packet that conntrack has not seen yet (notrack_tg in net/netfilter/xt_CT.c). */
export function withoutTracking(state: PacketState, rule: RuleReference): PacketState {
	const late = state.conntrack.seen;
	const conntrack = late ? state.conntrack : ({ ...state.conntrack, state: "UNTRACKED" } as const);
	return recorded(state, rule, { effect: "notrack", late }, { conntrack });
}
