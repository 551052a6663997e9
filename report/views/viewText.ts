/** How texts name an address family, a protocol, and a view: the Service in one family and with one protocol. */
import type { PartialViewName, ViewName } from "../../kubernetes/snapshot.ts";
import type { Family, Protocol } from "../../netfilter/model.ts";

export const knownView = ({ family = "ipv4", protocol = "tcp" }: PartialViewName): ViewName => ({ family, protocol });

export function isSameView(one: PartialViewName, other: PartialViewName): boolean {
	const [a, b] = [knownView(one), knownView(other)];
	return a.family === b.family && a.protocol === b.protocol;
}

export const familyName = (family: Family): string => ({ ipv4: "IPv4", ipv6: "IPv6" })[family];

export const protocolName = (protocol: Protocol): string => protocol.toUpperCase();

/** What tells it apart from the others: "UDP over IPv6", "UDP", "IPv6", or "" if it is the only one. */
export function viewText(of: PartialViewName, all: readonly PartialViewName[]): string {
	const { family, protocol } = knownView(of);
	const names = [
		...(all.some((other) => knownView(other).protocol !== protocol) ? [protocolName(protocol)] : []),
		...(all.some((other) => knownView(other).family !== family) ? [familyName(family)] : []),
	];
	return names.join(" over ");
}

/** The addresses of all families, where they are known. */
export const allOf = (first: string, all: readonly string[] = [first]): string => all.join(", ");

/** "192.0.2.11:30080/udp"; TCP isn't named. */
export const withProtocol = (address: string, protocol: Protocol = "tcp"): string =>
	protocol === "tcp" ? address : `${address}/${protocol}`;
