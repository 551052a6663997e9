/** A node's routes: the interface and the source address that the kernel chooses towards a destination. */
import { type Address, type AddressRange, contains, parseAddress, parseRange, required } from "../address.ts";
import { type Chance, certainly } from "../chance.ts";
import type { NodeNetwork } from "../model.ts";

export interface Route {
	destination: AddressRange;
	/** undefined: unknown. */
	interface: string | undefined;
	source: Address | undefined;
}

export class Routes {
	/** The longest prefix first. */
	private readonly all: Route[];

	/** @throws if a destination or a source can't be parsed */
	constructor(routes: NonNullable<NodeNetwork["routes"]>) {
		this.all = routes
			.map(({ destination, interface: name, source }) => ({
				destination: required(parseRange(destination), destination),
				interface: name,
				source: source === undefined ? undefined : required(parseAddress(source), source),
			}))
			.sort((a, b) => lengthOf(b.destination) - lengthOf(a.destination));
	}

	/** The routes of the longest prefix: several if they share the traffic, as multipath routes do. */
	towards(destination: Address): Route[] {
		const first = this.all.find((route) => contains(route.destination, destination));
		if (!first) return [];
		return this.all.filter(
			(route) =>
				lengthOf(route.destination) === lengthOf(first.destination) && contains(route.destination, destination),
		);
	}

	through(name: string): Route[] {
		return this.all.filter((route) => route.interface === name);
	}

	/** undefined: unknown. */
	interfaceTowards(destination: Address): string | undefined {
		const names = new Set(this.towards(destination).map((route) => route.interface));
		return names.size === 1 ? [...names][0] : undefined;
	}

	/**
	 * Whether a route to the address leads through the interface: one path of a multipath route is enough
	 * (fib_info_nh_uses_dev in net/ipv4/fib_semantics.c).
	 * @param loose any route counts
	 */
	chanceOfReversePath(address: Address, name: string | undefined, loose: boolean): Chance {
		const routes = this.towards(address);
		if (routes.length === 0) return "unknown";
		if (loose) return 1;
		if (name !== undefined && routes.some((route) => route.interface === name)) return 1;
		return name === undefined || routes.some((route) => route.interface === undefined) ? "unknown" : certainly(false);
	}
}

const lengthOf = (range: AddressRange): number => ("bits" in range ? range.bits : 0);
