/** Addresses and ranges as iptables and nftables write them, and a node's own addresses and routes. */
import ipaddr from "ipaddr.js";
import { type Chance, certainly } from "./chance.ts";
import type { Family, KernelSetting, NodeNetwork } from "./model.ts";

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Every address from `first` to `last`, or those that share the first `bits` bits of `network`. */
export type AddressRange = { network: Address; bits: number } | { first: Address; last: Address };

export interface PortRange {
	first: number;
	last: number;
}

/** undefined: it isn't an address in the form that the tools print. */
export function parseAddress(text: string): Address | undefined {
	// The check for IPv6 throws internally, which is slow for tens of thousands of IPv4 addresses.
	if (!text.includes(":"))
		return ipaddr.IPv4.isValidFourPartDecimal(text) ? new ipaddr.IPv4(text.split(".").map(Number)) : undefined;
	return ipaddr.IPv6.isValid(text) ? ipaddr.IPv6.parse(text) : undefined;
}

/**
 * "10.244.0.0/16", "10.96.0.1", "10.0.0.0/255.0.0.0" or "fd00::/64". undefined: anything else, such as a mask with holes
 * (10.0.0.0/255.0.255.0), which the kernel allows but nobody uses.
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

/** The address with the range's prefix in place of its own. */
export function mappedInto(range: AddressRange, address: Address): Address | undefined {
	if (!("network" in range) || range.network.kind() !== address.kind()) return undefined;
	const prefix = range.network.toByteArray();
	const bytes = address.toByteArray().map((byte, index) => {
		const mask = 0xff00 >> Math.min(8, Math.max(0, range.bits - index * 8));
		return ((prefix[index] ?? 0) & mask & 0xff) | (byte & ~mask & 0xff);
	});
	return ipaddr.fromByteArray(bytes);
}

/** Whether an address passes a test, given all addresses that it may be. */
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

interface Route {
	destination: AddressRange;
	interface: string | undefined;
	source: Address | undefined;
}

/** A node's addresses, interfaces and routes, as far as they are known. */
export class Network {
	private readonly local: Set<string>;
	private readonly interfaces: Map<string, Address[] | undefined> | undefined;
	private readonly routes: Route[];
	private readonly sysctls: Record<string, string>;

	/** @throws if an address or a route can't be parsed */
	constructor({ localAddresses, interfaces, routes = [], sysctls = {} }: NodeNetwork) {
		this.interfaces =
			interfaces && new Map(interfaces.map(({ name, addresses }) => [name, addresses?.map(interfaceAddress)]));
		const own = [...(this.interfaces?.values() ?? [])].flatMap((addresses) => addresses ?? []).map(String);
		this.local = new Set([...localAddresses.map((text) => required(parseAddress(text), text).toString()), ...own]);
		this.sysctls = sysctls;
		this.routes = routes
			.map(({ destination, interface: name, source }) => ({
				destination: required(parseRange(destination), destination),
				interface: name,
				source: source === undefined ? undefined : required(parseAddress(source), source),
			}))
			.sort((a, b) => length(b.destination) - length(a.destination));
	}

	/** As `fib daddr type local`: for the kernel all of 127.0.0.0/8 is local. */
	isLocal(address: Address): boolean {
		return address.range() === "loopback" || this.local.has(address.toString());
	}

	/**
	 * Whether an address has a type of the kernel's routing tables, given all addresses that it may be. "unicast" and
	 * "broadcast" depend on the routes.
	 */
	chanceOfType(candidates: readonly Address[], type: string): Chance {
		const isLocal = (address: Address) => this.isLocal(address);
		const isMulticast = (address: Address) => address.range() === "multicast";
		if (type === "local") return chanceWithin(candidates, isLocal);
		if (type === "multicast") return chanceWithin(candidates, isMulticast);
		const others = candidates.filter((address) => !isLocal(address) && !isMulticast(address));
		if (candidates.length > 0 && others.length === 0) return 0;
		const isUnicast = this.interfaces !== undefined && others.every((address) => this.isUnicast(address));
		if (!isUnicast || (type !== "unicast" && type !== "broadcast")) return "unknown";
		return type === "broadcast" ? 0 : others.length === candidates.length ? 1 : "unknown";
	}

	/** An address that ends in 00 or 11 may be that of a network or its broadcast address, whose prefix isn't known. */
	private isUnicast(address: Address): boolean {
		const lowest = (address.toByteArray().at(-1) ?? 0) & 3;
		return lowest !== 0 && lowest !== 3 && this.route(address)?.interface !== undefined;
	}

	/** Whether it is local and on that interface (`--limit-iface-in`, `fib daddr . iif type`). */
	chanceOfLocalOn(candidates: readonly Address[], interfaceName: string | undefined): Chance {
		if (chanceWithin(candidates, (address) => this.isLocal(address)) === 0) return 0;
		if (interfaceName === "lo" && candidates.every((address) => address.range() === "loopback")) return 1;
		const own = interfaceName === undefined ? undefined : this.interfaces?.get(interfaceName)?.map(String);
		return own ? chanceWithin(candidates, (address) => own.includes(address.toString())) : "unknown";
	}

	/** Whether an interface passes a test by its name. One whose name is unknown isn't lo. */
	chanceOfInterface(name: string | undefined, test: (name: string) => boolean, exact?: string): Chance {
		if (name !== undefined) return certainly(test(name));
		if (exact === "lo") return 0;
		if (!this.interfaces) return "unknown";
		const names = [...this.interfaces.keys()].filter((one) => one !== "lo");
		const hits = names.filter(test).length;
		if (hits === 0) return 0;
		return hits === names.length ? 1 : "unknown";
	}

	/**
	 * Whether the route to an address leads through an interface (rpfilter, `fib saddr . iif oif`).
	 * @param loose any route counts
	 */
	chanceOfReversePath(candidates: readonly Address[], name: string | undefined, loose: boolean): Chance {
		if (name === "lo") return 1;
		const chances = candidates.map((address): Chance => {
			if (this.isLocal(address)) return 0;
			const route = this.route(address);
			if (route && loose) return 1;
			if (!route || route.interface === undefined || name === undefined) return "unknown";
			return certainly(route.interface === name);
		});
		const [first = "unknown"] = chances;
		return chances.every((one) => one === first) ? first : "unknown";
	}

	/** The address that REDIRECT sends a received packet to: the primary one of its interface (nf_nat_redirect.c). */
	redirectAddress(name: string | undefined, sender: Address | undefined, destination: Address): Address | undefined {
		const family = destination.kind();
		const ofFamily = (addresses: readonly Address[]) =>
			addresses.find((address) => address.kind() === family && address.range() !== "linkLocal");
		const own = name === undefined ? undefined : this.interfaces?.get(name);
		if (own) return ofFamily(own);
		const routed = this.routes.filter((route) => name !== undefined && route.interface === name);
		const source = ofFamily(routed.flatMap((route) => route.source ?? []));
		if (source) return source;
		const back = sender && this.route(sender)?.source;
		return back?.toString() === destination.toString() ? destination : undefined;
	}

	/** The setting that makes the kernel drop forwarded packets; undefined: it isn't known to be off. */
	forwardingIsOff(family: Family): KernelSetting | undefined {
		const name = family === "ipv4" ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
		return this.sysctls[name] === "0" ? { name, value: "0", required: "1" } : undefined;
	}

	/** The setting by which the kernel drops a packet that it received, before or after it chose the route. */
	dropsReceived(
		source: Address | undefined,
		destination: Address,
		name: string | undefined,
	): KernelSetting | undefined {
		if (destination.kind() !== "ipv4" || name === undefined || name === "lo") return undefined;
		if (destination.range() === "loopback" && this.effective("route_localnet", name) === 0) return localnetOff(name);
		const back = source && !this.isLocal(source) ? this.route(source)?.interface : undefined;
		const isStrict = this.effective("rp_filter", name) === 1;
		// Loose filtering accepts packets that come by another interface.
		return isStrict && back !== undefined && back !== name
			? { name: `net.ipv4.conf.${name}.rp_filter`, value: "1", required: "2" }
			: undefined;
	}

	/** The setting by which the kernel refuses to send a packet with a loopback source to another machine or a pod. */
	refusesToSend(source: Address | undefined, destination: Address): KernelSetting | undefined {
		const name = this.interfaceTowards(destination);
		const leaves = source?.kind() === "ipv4" && source.range() === "loopback" && name !== undefined && name !== "lo";
		return leaves && this.effective("route_localnet", name) === 0 ? localnetOff(name) : undefined;
	}

	/** The higher value of "all" and the interface counts (IN_DEV_MAXCONF in linux/inetdevice.h; IN_DEV_ORCONF alike). */
	private effective(setting: string, name: string): number | undefined {
		const values = ["all", name].map((one) => this.sysctls[`net.ipv4.conf.${one}.${setting}`]);
		return values.includes(undefined) ? undefined : Math.max(...values.map(Number));
	}

	/** The interface through which a packet leaves; undefined: unknown. */
	interfaceTowards(destination: Address): string | undefined {
		return this.isLocal(destination) ? "lo" : this.route(destination)?.interface;
	}

	/**
	 * The addresses that masquerading may choose: that of the route, or if routes aren't known, any. It is never one of host
	 * or link scope (inet_select_addr in net/ipv4/devinet.c).
	 */
	sourcesTowards(destination: Address): Address[] {
		// ipv6_dev_get_saddr prefers the destination itself if it is local (RFC 6724, rule 1).
		if (destination.kind() === "ipv6" && this.isLocal(destination)) return [destination];
		const route = this.isLocal(destination) ? undefined : this.route(destination);
		if (route?.source) return [route.source];
		return [...this.local]
			.map((text) => ipaddr.parse(text))
			.filter((own) => own.kind() === destination.kind() && !["loopback", "linkLocal"].includes(own.range()));
	}

	private route(destination: Address): Route | undefined {
		return this.routes.find((route) => contains(route.destination, destination));
	}
}

const localnetOff = (name: string): KernelSetting => ({
	name: `net.ipv4.conf.${name}.route_localnet`,
	value: "0",
	required: "1",
});

const length = (range: AddressRange): number => ("bits" in range ? range.bits : 0);

/** "192.0.2.11" or "192.0.2.11/24" */
const interfaceAddress = (text: string): Address => required(parseAddress(text.split("/")[0] ?? ""), text);

function required<T>(value: T | undefined, text: string): T {
	if (value === undefined) throw new Error(`"${text}" isn't an address or a range of addresses`);
	return value;
}
