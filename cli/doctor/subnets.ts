/** Networks that share addresses with the lab's: the one of the nodes, of the pods, of the Services. */
import { readFile } from "node:fs/promises";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import { docker, kindNetwork } from "../../kind/docker.ts";
import { podSubnet, serviceSubnet } from "../../kind/kindConfig.ts";
import type { Finding } from "./finding.ts";

export interface Network {
	/** "route by tun0", "Docker network kind". */
	name: string;
	/** IPv4, in CIDR notation. */
	subnet: string;
	/** The interface of this machine that leads to it. */
	device?: string;
}

const Networks = z.array(
	z.object({
		Name: z.string(),
		Id: z.string(),
		IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().optional() })).nullable() }),
		Options: z.record(z.string(), z.string()).nullable(),
	}),
);

/** Reads what `docker network inspect` prints. */
export function readNetworks(json: string): Network[] {
	return Networks.parse(JSON.parse(json)).flatMap(({ Name, Id, IPAM, Options }) =>
		(IPAM.Config ?? [])
			.flatMap(({ Subnet = "" }) => (ipaddr.IPv4.isValidCIDR(Subnet) ? [Subnet] : []))
			.map((subnet) => ({
				name: `Docker network ${Name}`,
				subnet,
				device: Options?.["com.docker.network.bridge.name"] ?? `br-${Id.slice(0, 12)}`,
			})),
	);
}

/** Wider ones stand for all that no other route leads to: VPNs divide the default route in two. */
const widest = 8;

/** Reads /proc/net/route, whose addresses are in hexadecimal, last byte first; without default routes. */
export function readRoutes(text: string): Network[] {
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
		.flatMap(([device = "", destination = "", , , , , , mask = ""]) => {
			const length = ipaddr.IPv4.parse(dotted(mask)).prefixLengthFromSubnetMask() ?? 0;
			if (length < widest) return [];
			return [{ name: `route by ${device}`, subnet: `${dotted(destination)}/${length}`, device }];
		});
}

/** Docker's networks, and the machine's routes where the engine is on it; without the routes to Docker's bridges. */
export async function lookAtNetworks(here: boolean): Promise<Network[]> {
	// There are always some: bridge, host, none.
	const ids = (await docker("network", "ls", "--quiet")).split("\n");
	const networks = readNetworks(await docker("network", "inspect", ...ids));
	const routes = here ? readRoutes(await readFile("/proc/net/route", "utf8")) : [];
	const bridges = new Set(networks.map(({ device }) => device));
	return [...networks, ...routes.filter(({ device }) => !bridges.has(device))];
}

const range = (subnet: string): [ipaddr.IPv4, number] => ipaddr.IPv4.parseCIDR(subnet);

/** Whether the first network has all addresses of the second. */
function holds(outer: string, inner: string): boolean {
	const [[network, length], [address, innerLength]] = [range(outer), range(inner)];
	return length <= innerLength && address.match(network, length);
}

const overlap = (one: string, other: string): boolean => holds(one, other) || holds(other, one);

const isKinds = ({ name }: Network): boolean => name === `Docker network ${kindNetwork}`;

export function judgeSubnets(networks: Network[]): Finding[] {
	const own = networks.filter(isKinds);
	const others = networks.filter((network) => !isKinds(network));
	const clashes = [
		...own.flatMap((network) => others.flatMap((other) => nodeClash(network, other))),
		...own.flatMap((network) => innerClash(network, "stop")),
		...others.flatMap((other) => innerClash(other, "warning")),
	];
	if (clashes.length > 0) return clashes;
	const nodes = own.length > 0 ? own.map(({ subnet }) => subnet).join(", ") : "kind chooses a free one";
	const found = `nodes: ${nodes}; pods: ${podSubnet}; Services: ${serviceSubnet}; no other network has these addresses`;
	return [{ subject: "networks", level: "ok", found }];
}

const renew = `npm run destroy && docker network rm ${kindNetwork} && npm start`;

/** The more exact route wins: to the nodes, or to the other network's addresses. */
function nodeClash({ subnet }: Network, other: Network): Finding[] {
	if (!overlap(subnet, other.subnet)) return [];
	const clash = `the nodes' network (${subnet}) has addresses of ${other.subnet} (${other.name})`;
	const lost = !holds(other.subnet, subnet) && holds(other.subnet, firstNode(subnet));
	const effect = lost ? "the nodes are out of reach" : "where both have an address, only one of them is in reach";
	return [{ subject: "networks", level: lost ? "stop" : "warning", found: `${clash}: ${effect}`, fix: renew }];
}

/** Docker gives out the lowest free address first; the gateway has the first. */
function firstNode(subnet: string): string {
	const [a, b, c, d = 0] = ipaddr.IPv4.networkAddressFromCIDR(subnet).octets;
	return `${[a, b, c, d + 2].join(".")}/32`;
}

/** Pods know of no other network with these addresses; a node must not have one that a pod or Service may get. */
function innerClash({ name, subnet }: Network, level: "stop" | "warning"): Finding[] {
	const inner = Object.entries({ pods: podSubnet, Services: serviceSubnet });
	const clashes = inner.filter(([, own]) => overlap(own, subnet)).map(([what, own]) => `${what} (${own})`);
	if (clashes.length === 0) return [];
	const found = `${name} (${subnet}) has addresses of the cluster's ${clashes.join(" and ")}: from pods they are out of reach`;
	return [{ subject: "networks", level, found, ...(level === "stop" && { fix: renew }) }];
}
