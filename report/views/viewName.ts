/** How texts name an address family, a protocol, and a view: the Service in one family and with one protocol. */
import type { Family, Protocol } from "../../netfilter/model.ts";

export interface View {
	family: Family;
	protocol: Protocol;
}

/** Data of one view. In reports of a lab that had only IPv4 and TCP, both fields are absent. */
export type OfView = { [field in keyof View]?: View[field] | undefined };

export const viewOf = ({ family = "ipv4", protocol = "tcp" }: OfView): View => ({ family, protocol });

export function isSameView(one: OfView, other: OfView): boolean {
	const [a, b] = [viewOf(one), viewOf(other)];
	return a.family === b.family && a.protocol === b.protocol;
}

export const familyName = (family: Family): string => ({ ipv4: "IPv4", ipv6: "IPv6" })[family];

export const protocolName = (protocol: Protocol): string => protocol.toUpperCase();

/** What tells it apart from the others: "UDP over IPv6", "UDP", "IPv6", or "" if it is the only one. */
export function viewName(of: OfView, all: readonly OfView[]): string {
	const { family, protocol } = viewOf(of);
	const names = [
		...(all.some((other) => viewOf(other).protocol !== protocol) ? [protocolName(protocol)] : []),
		...(all.some((other) => viewOf(other).family !== family) ? [familyName(family)] : []),
	];
	return names.join(" over ");
}

/** The addresses of all families, where they are known. */
export const allOf = (first: string, all: readonly string[] = [first]): string => all.join(", ");

/** "192.0.2.11:30080/udp"; TCP isn't named. */
export const withProtocol = (address: string, protocol: Protocol = "tcp"): string =>
	protocol === "tcp" ? address : `${address}/${protocol}`;
