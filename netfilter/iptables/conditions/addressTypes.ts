/** Evaluates `-m addrtype`: the types of addresses in the kernel's routing tables. */
import { type Address, chanceWithin } from "../../address.ts";
import { all, any, type Chance, not } from "../../chance.ts";
import type { Network } from "../../node/hostNetwork.ts";
import type { PacketState } from "../../packet/state.ts";
import type { Match } from "./model.ts";

type AddressType = Extract<Match, { kind: "address-type" }>;

/**
 * IPv4 compares with one type of the routing tables. IPv6 first asks whether the address itself is unicast or multicast,
 * and its route only for the other types (xt_addrtype.c).
 */
export function addressTypes(match: AddressType, state: PacketState, network: Network): Chance {
	const candidates = addresses(match.of, state);
	const types = match.types.map((type) => type.toLowerCase());
	const chance = (type: string) => addressType(match, type, state, network);
	if (state.family === "ipv4") return any(types.map(chance));
	const isMulticast = chanceWithin(candidates, (address) => address.range() === "multicast");
	const routed = types.filter((type) => type !== "unicast" && type !== "multicast");
	return all([
		types.includes("unicast") ? not(isMulticast) : 1,
		types.includes("multicast") ? isMulticast : 1,
		routed.length > 0 ? any(routed.map(chance)) : 1,
	]);
}

function addressType({ of, on }: AddressType, type: string, state: PacketState, network: Network): Chance {
	const candidates = addresses(of, state);
	if (!on) return network.chanceOfType(candidates, type);
	return network.chanceOfTypeOn(candidates, type, on === "in" ? state.inInterface : state.outInterface);
}

const addresses = (of: "source" | "destination", state: PacketState): readonly Address[] =>
	of === "source" ? state.sources : [state.destination];
