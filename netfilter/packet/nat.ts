/** The effect of NAT on a packet's state, whichever tool wrote the rule. */
import { type Address, type AddressRange, mappedInto, parseAddress, withPort } from "../address.ts";
import type { Network } from "../node/hostNetwork.ts";
import type { Conntrack } from "./conntrack.ts";
import { type PacketState, type RuleReference, recorded } from "./state.ts";

/** The new address and port; a missing part stays as it is. */
export interface Translation {
	/** Several: the kernel chooses one by a hash of the packet's addresses (find_best_ips_proto in nf_nat_core.c). */
	addresses?: readonly Address[] | undefined;
	/** "unknown": the kernel chooses any; only for sources. */
	ports?: readonly number[] | "unknown" | undefined;
}

/** The new destination: one of the addresses and ports of a translation. */
export interface Destination {
	address?: Address | undefined;
	port?: number | undefined;
}

/** A translation to more destinations isn't followed. */
const mostDestinations = 256;

/** Every destination that the kernel may choose; undefined: there are too many. */
export function destinationsOf({ addresses = [], ports = [] }: Translation): Destination[] | undefined {
	if (ports === "unknown" || addresses.length * ports.length > mostDestinations) return undefined;
	const [someAddresses, somePorts] = [
		addresses.length > 0 ? addresses : [undefined],
		ports.length > 0 ? ports : [undefined],
	];
	return someAddresses.flatMap((address) => somePorts.map((port) => ({ address, port })));
}

export function translateDestination(
	state: PacketState,
	rule: RuleReference,
	{ address, port }: Destination,
): PacketState {
	const destination = address ?? state.destination;
	const destinationPort = port ?? state.destinationPort;
	const changed = destination.toString() !== state.destination.toString() || destinationPort !== state.destinationPort;
	const conntrack = {
		...state.conntrack,
		destinationSettled: true,
		// The kernel sets IPS_DST_NAT only if the translation differs (nf_nat_setup_info in nf_nat_core.c).
		destinationNat: state.conntrack.destinationNat || changed,
	};
	const action = { effect: "dnat", to: withPort(destination, destinationPort) } as const;
	return recorded(state, rule, action, { destination, destinationPort, conntrack });
}

export function translateSource(
	state: PacketState,
	rule: RuleReference,
	{ addresses, ports }: Translation,
): PacketState {
	const sources = addresses ?? state.sources;
	const known = Array.isArray(ports) && ports.length === 1 ? ports[0] : undefined;
	const to = sources.map((source) => (known === undefined ? source.toString() : withPort(source, known))).join(" or ");
	const isOther = known === undefined || state.sourcePort === undefined ? undefined : known !== state.sourcePort;
	const conntrack = withSource(state, sources, ports === undefined ? false : isOther);
	return recorded(state, rule, { effect: "snat", to }, { sources, sourcePort: known, conntrack });
}

/** @param otherPort whether the rule also changes the source port; undefined: that isn't known */
export function masquerade(
	state: PacketState,
	rule: RuleReference,
	network: Network,
	otherPort: boolean | undefined,
): PacketState {
	const sources = network.sourcesTowards(state.destination);
	const [source] = sources;
	const known = sources.length === 1 && source ? { to: source.toString() } : {};
	const changes = { sources, sourcePort: undefined, conntrack: withSource(state, sources, otherPort) };
	return recorded(state, rule, { effect: "masquerade", ...known }, changes);
}

/**
 * To the node itself: what a process sends goes to loopback, what is received to its interface's primary address
 * (nf_nat_redirect.c). undefined: that address isn't known.
 */
export function redirect(
	state: PacketState,
	rule: RuleReference,
	network: Network,
	port: number | undefined,
): PacketState | undefined {
	const loopback = parseAddress(state.family === "ipv4" ? "127.0.0.1" : "::1");
	const [sender] = state.sources;
	const own = network.redirectAddress(state.inInterface, sender, state.destination);
	const address = state.hook === "output" ? loopback : own;
	return address && translateDestination(state, rule, { address, port });
}

/** NETMAP: the destination, or at the hooks of source NAT the source, keeps the bits outside the range's prefix (xt_NETMAP.c). */
export function mapNetwork(state: PacketState, rule: RuleReference, range: AddressRange): PacketState | undefined {
	if (state.hook === "prerouting" || state.hook === "output") {
		const address = mappedInto(range, state.destination);
		return address && translateDestination(state, rule, { address });
	}
	const [source, ...others] = state.sources;
	const address = source && others.length === 0 ? mappedInto(range, source) : undefined;
	return address && translateSource(state, rule, { addresses: [address] });
}

/** The connection after NAT of its source; the kernel sets IPS_SRC_NAT only if something differs. */
function withSource(state: PacketState, sources: readonly Address[], otherPort: boolean | undefined): Conntrack {
	const before = state.sources.map(String);
	const kept = sources.filter((source) => before.includes(source.toString())).length;
	const differs = (kept === 0 && sources.length > 0) || otherPort === true;
	const isSame = sources.length === 1 && kept === 1 && otherPort === false;
	return { ...state.conntrack, sourceSettled: true, sourceNat: differs ? true : isSame ? false : "unknown" };
}

/** Excludes a packet from conntrack, and so from NAT, unless it is already tracked (notrack_tg in net/netfilter/xt_CT.c). */
export function withoutTracking(state: PacketState, rule: RuleReference): PacketState {
	const late = state.conntrack.seen;
	const conntrack = late ? state.conntrack : ({ ...state.conntrack, state: "UNTRACKED" } as const);
	return recorded(state, rule, { effect: "notrack", late }, { conntrack });
}
