/** Addresses and ranges of addresses, as both iptables and nftables write them. */
import ipaddr from "ipaddr.js";
import type { Chance } from "./chance.ts";
import type { NodeNetwork } from "./model.ts";

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Every address from `first` to `last`, or those that share the first `bits` bits of `network`. */
export type AddressRange = { network: Address; bits: number } | { first: Address; last: Address };

export interface PortRange {
	first: number;
	last: number;
}

/** undefined: it is no address, in the one form that the tools print. */
export function parseAddress(text: string): Address | undefined {
	// To ask for IPv6 costs an exception where it is none, and there are tens of thousands of addresses of IPv4.
	if (!text.includes(":"))
		return ipaddr.IPv4.isValidFourPartDecimal(text) ? new ipaddr.IPv4(text.split(".").map(Number)) : undefined;
	return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

/**
 * "10.244.0.0/16", "10.96.0.1", "10.0.0.0/255.0.0.0" or "fd00::/64". undefined: it is none of these, such as a mask with
 * holes (10.0.0.0/255.0.255.0), which the kernel allows and nobody uses.
 */
export function parseRange(text: string): AddressRange | undefined {
	const [address = "", mask] = text.split("/");
	const network = parseAddress(address);
	if (!network) return undefined;
	const widest = network.kind() === "ipv4" ? 32 : 128;
	const bits = mask === undefined ? widest : /^\d+$/.test(mask) ? Number(mask) : lengthOfMask(mask);
	return bits !== undefined && bits <= widest ? { network, bits } : undefined;
}

const lengthOfMask = (mask: string): number | undefined =>
	parseAddress(mask)?.prefixLengthFromSubnetMask() ?? undefined;

export function contains(range: AddressRange, address: Address): boolean {
	if ("network" in range) {
		return range.network.kind() === address.kind() && address.match(range.network as never, range.bits);
	}
	return compare(range.first, address) <= 0 && compare(address, range.last) <= 0;
}

/** Whether a packet's address, of which only candidates may be known, is in a range. */
export function chanceWithin(candidates: readonly Address[], test: (address: Address) => boolean): Chance {
	const hits = candidates.filter(test).length;
	if (hits > 0 && hits === candidates.length) return 1;
	return hits === 0 && candidates.length > 0 ? 0 : "unknown";
}

const compare = (a: Address, b: Address): number =>
	Buffer.compare(Buffer.from(a.toByteArray()), Buffer.from(b.toByteArray()));

/** "10.244.1.9:8080", "[fd00::9]:8080", "nodeport-service.default.svc:8080". */
export function withPort(host: Address | string, port: number): string {
	const text = host.toString();
	return text.includes(":") ? `[${text}]:${port}` : `${text}:${port}`;
}

/** What a walk asks of the node's own addresses and routes. */
export class Network {
	private readonly local: Set<string>;
	private readonly routes: { destination: AddressRange; interface: string; source: Address }[];

	/** @throws where an address or a route cannot be read: they come from a program, not from a user */
	constructor({ localAddresses, routes = [] }: NodeNetwork) {
		this.local = new Set(localAddresses.map((text) => required(parseAddress(text), text).toString()));
		this.routes = routes
			.map(({ destination, interface: name, source }) => ({
				destination: required(parseRange(destination), destination),
				interface: name,
				source: required(parseAddress(source), source),
			}))
			.sort((a, b) => length(b.destination) - length(a.destination));
	}

	/** As `fib daddr type local`: the kernel counts all of 127.0.0.0/8 as its own, not 127.0.0.1 alone. */
	isLocal(address: Address): boolean {
		return address.range() === "loopback" || this.local.has(address.toString());
	}

	/**
	 * Whether an address, of which only candidates may be known, is of a type of the kernel's routing tables: "local",
	 * "multicast" … Which of the other addresses are "unicast" or "broadcast", only the routes tell.
	 */
	chanceOfType(candidates: readonly Address[], type: string): Chance {
		const isLocal = (address: Address) => this.isLocal(address);
		const isMulticast = (address: Address) => address.range() === "multicast";
		if (type === "local") return chanceWithin(candidates, isLocal);
		if (type === "multicast") return chanceWithin(candidates, isMulticast);
		const isOther = candidates.length > 0 && candidates.every((address) => isLocal(address) || isMulticast(address));
		return isOther ? 0 : "unknown";
	}

	/** The interface that a packet leaves by; undefined where the routes are not known. */
	interfaceTowards(destination: Address): string | undefined {
		return this.isLocal(destination) ? "lo" : this.route(destination)?.interface;
	}

	/**
	 * The addresses that masquerading may choose: that of the route, or where routes are not known, any. It is never one of
	 * host or link scope (inet_select_addr in net/ipv4/devinet.c).
	 */
	sourcesTowards(destination: Address): Address[] {
		// ipv6_dev_get_saddr prefers the destination itself where the node has it (RFC 6724, rule 1).
		if (destination.kind() === "ipv6" && this.isLocal(destination)) return [destination];
		const route = this.isLocal(destination) ? undefined : this.route(destination);
		if (route) return [route.source];
		return [...this.local]
			.map((text) => ipaddr.parse(text))
			.filter((own) => own.kind() === destination.kind() && !["loopback", "linkLocal"].includes(own.range()));
	}

	private route(destination: Address) {
		return this.routes.find((route) => contains(route.destination, destination));
	}
}

const length = (range: AddressRange): number => ("bits" in range ? range.bits : 0);

function required<T>(value: T | undefined, text: string): T {
	if (value === undefined) throw new Error(`"${text}" is no address or range of addresses`);
	return value;
}
