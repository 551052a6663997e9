/** A node's addresses, interfaces and routes, as far as they are known. */
import ipaddr from "ipaddr.js";
import { type Address, chanceWithin, parseAddress, parseRange, required } from "../address.ts";
import { type Chance, certainly, not } from "../chance.ts";
import type { KernelSetting, NodeNetwork } from "../model.ts";
import type { PacketState } from "../packet/state.ts";
import type { IpSets } from "./ipsets.ts";
import { KernelSettings } from "./kernelSettings.ts";
import { Routes } from "./routes.ts";

export class Network {
	readonly settings: KernelSettings;
	/** undefined: unknown. */
	readonly ipsets: IpSets | undefined;
	private readonly local: Set<string>;
	private readonly hasOthers: boolean;
	private readonly interfaces: Map<string, Address[] | undefined> | undefined;
	private readonly bridges: ReadonlySet<string>;
	private readonly routes: Routes;
	/** undefined: not every interface's networks are known. */
	private readonly networkEnds: ReadonlySet<string> | undefined;

	/** @throws if an address or a route can't be parsed */
	constructor({
		localAddresses,
		hasOtherAddresses = false,
		interfaces,
		routes = [],
		sysctls = {},
		ipsets,
	}: NodeNetwork) {
		this.hasOthers = hasOtherAddresses;
		this.interfaces =
			interfaces && new Map(interfaces.map(({ name, addresses }) => [name, addresses?.map(interfaceAddress)]));
		const own = [...(this.interfaces?.values() ?? [])].flatMap((addresses) => addresses ?? []).map(String);
		this.local = new Set([...localAddresses.map((text) => required(parseAddress(text), text).toString()), ...own]);
		this.bridges = new Set(interfaces?.flatMap(({ name, bridge }) => (bridge ? name : [])));
		this.settings = new KernelSettings(sysctls);
		this.ipsets = ipsets;
		this.routes = new Routes(routes);
		const networks = interfaces?.map(({ addresses }) => addresses);
		const areKnown = networks?.every((addresses) => addresses?.every((text) => text.includes("/")));
		this.networkEnds = areKnown ? new Set(networks?.flatMap((addresses = []) => addresses.flatMap(endsOf))) : undefined;
	}

	/** As `fib daddr type local`: for the kernel all of 127.0.0.0/8 is local. */
	isLocal(address: Address): boolean {
		return address.range() === "loopback" || this.local.has(address.toString());
	}

	/**
	 * Whether an address has a type of the kernel's routing tables, given all addresses that it may be. IPv4 asks only the
	 * table of local addresses: what isn't in it is unicast (__inet_dev_addr_type in net/ipv4/fib_frontend.c).
	 */
	chanceOfType(candidates: readonly Address[], type: string): Chance {
		const isLocal = (address: Address) => this.isLocal(address);
		const isMulticast = (address: Address) => address.range() === "multicast";
		if (type === "local") return chanceWithin(candidates, isLocal);
		if (type === "multicast") return chanceWithin(candidates, isMulticast);
		const others = candidates.filter((address) => !isLocal(address) && !isMulticast(address));
		if (candidates.length > 0 && others.length === 0) return 0;
		if (!others.every((address) => this.isUnicast(address))) return "unknown";
		if (type !== "unicast") return 0;
		return others.length === candidates.length ? 1 : "unknown";
	}

	/** The same, limited to an interface: there, IPv4 takes the addresses of other interfaces for unicast. */
	chanceOfTypeOn(candidates: readonly Address[], type: string, interfaceName: string | undefined): Chance {
		const isLocal = this.chanceOfLocalOn(candidates, interfaceName);
		if (type === "local") return isLocal;
		const isOwn = chanceWithin(candidates, (address) => this.isLocal(address));
		if (type === "multicast" || isOwn === 0) return this.chanceOfType(candidates, type);
		if (isOwn !== 1 || !candidates.every((address) => address.kind() === "ipv4")) return "unknown";
		return type === "unicast" ? not(isLocal) : 0;
	}

	private isUnicast(address: Address): boolean {
		if (address.kind() === "ipv4") return !this.mayBeBroadcast(address);
		const routes = this.interfaces ? this.routes.towards(address) : [];
		return routes.length > 0 && routes.every((route) => route.interface !== undefined);
	}

	/**
	 * The first and the last address of the interfaces' networks. Without their prefixes, an address that ends in 00 or 11
	 * may be one of them.
	 */
	private mayBeBroadcast(address: Address): boolean {
		const ends = this.networkEnds;
		if (ends) return ends.has(address.toString());
		const lowest = (address.toByteArray().at(-1) ?? 0) & 3;
		return lowest === 0 || lowest === 3;
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
		const chances = candidates.map((address) =>
			this.isLocal(address) ? 0 : this.routes.chanceOfReversePath(address, name, loose),
		);
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
		const routed = name === undefined ? [] : this.routes.through(name);
		const source = ofFamily(routed.flatMap((route) => route.source ?? []));
		if (source) return source;
		const back = sender ? this.routes.towards(sender).map((route) => route.source?.toString()) : [];
		return back.length > 0 && back.every((one) => one === destination.toString()) ? destination : undefined;
	}

	/** The setting by which the kernel drops a packet that it received, before or after it chose the route. */
	dropsReceived(
		source: Address | undefined,
		destination: Address,
		name: string | undefined,
	): KernelSetting | undefined {
		if (destination.kind() !== "ipv4" || name === undefined || name === "lo") return undefined;
		const localnet = this.settings.localnetIsOff(destination, name);
		if (localnet || !source || this.isLocal(source)) return localnet;
		const isElsewhere = this.routes.chanceOfReversePath(source, name, false) === 0;
		return isElsewhere ? this.settings.filtersReversePath(name) : undefined;
	}

	/** The setting by which the kernel refuses to send a packet with a loopback source to another machine or a pod. */
	refusesToSend(source: Address | undefined, destination: Address): KernelSetting | undefined {
		return this.settings.localnetIsOff(source, this.interfaceTowards(destination));
	}

	/**
	 * Whether a bridge forwards the packet from one of its ports to another: both ends are behind the same one, so the
	 * sender needs no router.
	 */
	isBridged({
		inInterface,
		sources,
		destination,
	}: Pick<PacketState, "inInterface" | "sources" | "destination">): boolean {
		const [source] = sources;
		if (!source || this.isLocal(source) || this.isLocal(destination)) return false;
		const [from, to] = [source, destination].map((address) => this.routes.interfaceTowards(address));
		if (to === undefined || from !== to || !this.bridges.has(to)) return false;
		return inInterface === undefined || inInterface === to;
	}

	/** The setting by which no rules see what a bridge forwards from one of its ports to another. */
	hidesBridged(from: Address, to: Address): KernelSetting | undefined {
		const isBridged = this.isBridged({ inInterface: undefined, sources: [from], destination: to });
		return isBridged ? this.settings.bridgeIsHidden(to.kind()) : undefined;
	}

	/** @param name undefined: unknown */
	mayBeBridge(name: string | undefined): boolean {
		return name === undefined ? this.interfaces === undefined || this.bridges.size > 0 : this.bridges.has(name);
	}

	/** The interface through which a packet leaves; undefined: unknown. */
	interfaceTowards(destination: Address): string | undefined {
		return this.isLocal(destination) ? "lo" : this.routes.interfaceTowards(destination);
	}

	/**
	 * The addresses that masquerading may choose: that of the route, or if routes aren't known, any. It is never one of host
	 * or link scope (inet_select_addr in net/ipv4/devinet.c). Empty: it may be an address that isn't known.
	 */
	sourcesTowards(destination: Address): Address[] {
		// ipv6_dev_get_saddr prefers the destination itself if it is local (RFC 6724, rule 1).
		if (destination.kind() === "ipv6" && this.isLocal(destination)) return [destination];
		const routes = this.isLocal(destination) ? [] : this.routes.towards(destination);
		const sources = routes.map((route) => route.source);
		if (routes.length > 0 && !sources.includes(undefined)) return distinct(sources.filter((one) => one !== undefined));
		if (this.hasOthers) return [];
		return [...this.local]
			.map((text) => ipaddr.parse(text))
			.filter((own) => own.kind() === destination.kind() && !["loopback", "linkLocal"].includes(own.range()));
	}
}

const distinct = (addresses: readonly Address[]): Address[] => [
	...new Map(addresses.map((address) => [address.toString(), address])).values(),
];

/** "192.0.2.11" or "192.0.2.11/24" */
const interfaceAddress = (text: string): Address => required(parseAddress(text.split("/")[0] ?? ""), text);

/** The first and the last address of "192.0.2.11/24". */
function endsOf(text: string): string[] {
	const range = required(parseRange(text), text);
	if (!("network" in range) || range.bits >= range.network.toByteArray().length * 8 - 1) return [];
	return [0x00, 0xff].map((filler) => {
		const bytes = range.network.toByteArray().map((byte, index) => {
			const mask = 0xff00 >> Math.min(8, Math.max(0, range.bits - index * 8));
			return (byte & mask & 0xff) | (filler & ~mask & 0xff);
		});
		return ipaddr.fromByteArray(bytes).toString();
	});
}
