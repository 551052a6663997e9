/** Addresses and ranges as iptables and nftables write them. */
import ipaddr from "ipaddr.js";
import type { Chance } from "./chance.ts";

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

/** Ranges of more addresses aren't listed. */
const mostAddresses = 256;

/** Every address from the first to the last; undefined: there are too many, or the last comes before the first. */
export function addressesFrom(first: Address, last: Address): Address[] | undefined {
	if (first.kind() !== last.kind() || compare(first, last) > 0) return undefined;
	const addresses = [first];
	for (let at = first; compare(at, last) < 0; ) {
		at = following(at);
		if (addresses.push(at) > mostAddresses) return undefined;
	}
	return addresses;
}

function following(address: Address): Address {
	const bytes = address.toByteArray();
	for (let index = bytes.length - 1; index >= 0; index--) {
		const byte = (bytes[index] ?? 0) + 1;
		bytes[index] = byte & 0xff;
		if (byte <= 0xff) break;
	}
	return ipaddr.fromByteArray(bytes);
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

/** @throws if the text couldn't be parsed */
export function required<T>(value: T | undefined, text: string): T {
	if (value === undefined) throw new Error(`"${text}" isn't an address or a range of addresses`);
	return value;
}
