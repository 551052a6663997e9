/** The networks that share addresses with this machine: Docker's, and those behind its routes. */
import { readFile } from "node:fs/promises";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { docker, kindNetwork } from "../../../kind/docker.ts";

export interface Network {
	/** "route through tun0", "Docker network kind". */
	name: string;
	/** In CIDR notation. */
	subnet: string;
	/** This machine's interface for it. */
	device?: string;
	/** A Docker network without IPv6. */
	lacksIpv6?: true;
	/** A route to another router; others are on the interface's own network. */
	routed?: true;
}

const Networks = z.array(
	z.object({
		Name: z.string(),
		Id: z.string(),
		EnableIPv6: z.boolean().default(true),
		IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().optional() })).nullable() }),
		Options: z.record(z.string(), z.string()).nullable(),
	}),
);

/** Parses the output of `docker network inspect`. */
export function parseNetworks(json: string): Network[] {
	return Networks.parse(JSON.parse(json)).flatMap(({ Name, Id, EnableIPv6, IPAM, Options }) =>
		(IPAM.Config ?? [])
			.flatMap(({ Subnet = "" }) => (ipaddr.isValidCIDR(Subnet) ? [Subnet] : []))
			.map((subnet) => ({
				name: `Docker network ${Name}`,
				subnet,
				device: Options?.["com.docker.network.bridge.name"] ?? `br-${Id.slice(0, 12)}`,
				...(!EnableIPv6 && { lacksIpv6: true as const }),
			})),
	);
}

/** Wider routes are default routes: VPNs divide theirs in two. */
const widest = 8;

/** Parses /proc/net/route (IPv4), whose addresses are hexadecimal with the last byte first; without default routes. */
export function parseRoutes(text: string): Network[] {
	const dotted = (hex: string) =>
		(hex.match(/../g) ?? [])
			.reverse()
			.map((byte) => Number.parseInt(byte, 16))
			.join(".");
	return text
		.trimEnd()
		.split("\n")
		.slice(1)
		.map((line) => line.trim().split(/\s+/))
		.flatMap(([device = "", destination = "", gateway = "", , , , , mask = ""]) => {
			const length = ipaddr.IPv4.parse(dotted(mask)).prefixLengthFromSubnetMask() ?? 0;
			if (length < widest) return [];
			const routed = /[^0]/.test(gateway) && { routed: true as const };
			return [{ name: `route through ${device}`, subnet: `${dotted(destination)}/${length}`, device, ...routed }];
		});
}

/** Docker's networks; and this machine's routes if the engine is on it, without those to Docker's bridges. */
export async function readNetworks(here: boolean): Promise<Network[]> {
	// There are always some: bridge, host, none.
	const ids = (await docker("network", "ls", "--quiet")).split("\n");
	const networks = parseNetworks(await docker("network", "inspect", ...ids));
	const routes = here ? parseRoutes(await readFile("/proc/net/route", "utf8")) : [];
	const bridges = new Set(networks.map(({ device }) => device));
	return [...networks, ...routes.filter(({ device }) => !bridges.has(device))];
}

export const isIpv4 = ({ subnet }: Pick<Network, "subnet">): boolean => ipaddr.IPv4.isValidCIDR(subnet);

export const isKindNetwork = ({ name }: Network): boolean => name === `Docker network ${kindNetwork}`;

/** The first network contains all addresses of the second. */
export function contains(outer: string, inner: string): boolean {
	const [[network, length], [address, innerLength]] = [ipaddr.parseCIDR(outer), ipaddr.parseCIDR(inner)];
	return network.kind() === address.kind() && length <= innerLength && address.match(network, length);
}

export const overlap = (one: string, other: string): boolean => contains(one, other) || contains(other, one);
