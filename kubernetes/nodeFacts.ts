/** Facts about a node's network that its kernel shows: interfaces, addresses, routes, policy routing and settings. */
import ipaddr from "ipaddr.js";

/** What could be read; absent: it isn't known. */
export interface NodeFacts {
	/** `addresses`: with prefix lengths, the primary one first. */
	interfaces?: { name: string; addresses?: string[] }[];
	localAddresses?: string[];
	/** Of the main table, if no rule of policy routing can select another one; without an interface, they reject packets. */
	routes?: { destination: string; interface?: string }[];
	sysctls?: Record<string, string>;
}

const files = [
	"/proc/net/dev",
	"/proc/net/fib_trie",
	"/proc/net/route",
	"/proc/net/if_inet6",
	"/proc/net/ipv6_route",
	"/proc/sys/net/ipv4/ip_forward",
	"/proc/sys/net/ipv6/conf/all/forwarding",
	"/proc/sys/net/ipv4/conf/*/rp_filter",
	"/proc/sys/net/ipv4/conf/*/route_localnet",
	"/proc/sys/net/bridge/bridge-nf-call-iptables",
];

const programs = ["ip -j address", "ip -j rule"];

/**
 * Prints files by a shell's own commands, because kube-proxy's image has few others; and what `ip` prints, if it is there.
 * dash reads single bytes, and a file in /proc/sys ends after the first read: its only digit comes without a line end.
 */
export const printFacts = [
	"sh",
	"-c",
	`for file in ${files.join(" ")}; do
		[ -r "$file" ] || continue
		echo "== $file"
		while IFS= read -r line || [ -n "$line" ]; do echo "$line"; done < "$file"
	done
	for program in ${programs.map((program) => `"${program}"`).join(" ")}; do
		printed=$($program 2>/dev/null) || continue
		echo "== $program"
		echo "$printed"
	done
	true`,
];

export function parseFacts(text: string): NodeFacts {
	const sections = new Map(
		text
			.split(/^== /m)
			.slice(1)
			.map((section) => {
				const end = section.indexOf("\n");
				return [section.slice(0, end), section.slice(end + 1)] as const;
			}),
	);
	const interfaces = interfacesOf(sections);
	const localAddresses = localAddressesOf(sections);
	const routes = routesOf(sections);
	const sysctls = sysctlsOf(sections);
	return {
		...(interfaces && { interfaces }),
		...(localAddresses && { localAddresses }),
		...(routes && { routes }),
		...(Object.keys(sysctls).length > 0 && { sysctls }),
	};
}

type Sections = ReadonlyMap<string, string>;

function interfacesOf(sections: Sections): NodeFacts["interfaces"] {
	const listed = json(sections.get("ip -j address"));
	if (listed) {
		return listed.map(({ ifname, addr_info = [] }) => ({
			name: String(ifname),
			addresses: (addr_info as { local: string; prefixlen: number }[]).map((one) => `${one.local}/${one.prefixlen}`),
		}));
	}
	const names = [...(sections.get("/proc/net/dev") ?? "").matchAll(/^\s*([^\s:|]+):/gm)].map(([, name = ""]) => name);
	return names.length > 0 ? names.map((name) => ({ name })) : undefined;
}

/** fib_trie shows IPv4's local addresses, if_inet6 those of IPv6. */
function localAddressesOf(sections: Sections): string[] | undefined {
	const trie = sections.get("/proc/net/fib_trie");
	if (trie === undefined) return undefined;
	// Below an address come the types of its prefixes; the network's own address may be local too.
	const leaves = [...trie.matchAll(/\|-- ([\d.]+)\n((?:\s+\/\d+ .*\n?)+)/g)];
	const ipv4 = leaves.flatMap(([, address = "", types = ""]) => (/\/32 host LOCAL/.test(types) ? address : []));
	const ipv6 = lines(sections.get("/proc/net/if_inet6")).map(([hex = ""]) => ipv6Of(hex));
	return [...new Set([...ipv4, ...ipv6])];
}

/** The kernel names other tables "Id 100:" in fib_trie. Without `ip`, they show that rules may select them. */
function hasPolicyRouting(sections: Sections): boolean {
	const rules = json(sections.get("ip -j rule"));
	if (rules) return rules.some(({ table }) => !["local", "main", "default"].includes(String(table)));
	return /^Id \d+:/m.test(sections.get("/proc/net/fib_trie") ?? "");
}

function routesOf(sections: Sections): NodeFacts["routes"] {
	const [, ...ipv4] = lines(sections.get("/proc/net/route"));
	if (ipv4.length === 0 || hasPolicyRouting(sections)) return undefined;
	const ofIpv4 = ipv4
		.filter(([, , , flags = ""]) => has(flags, routeFlags.up))
		.map(([name = "", destination = "", , flags = "", , , metric = "", mask = ""]) => ({
			destination: `${ipv4Of(destination)}/${ipaddr.IPv4.parse(ipv4Of(mask)).prefixLengthFromSubnetMask() ?? 32}`,
			...towards(name, flags),
			metric: Number(metric),
		}));
	const ofIpv6 = lines(sections.get("/proc/net/ipv6_route"))
		.filter(([, , , , , , , , flags = ""]) => has(flags, routeFlags.up) && !has(flags, routeFlags.own))
		.map(([hex = "", length = "", , , , metric = "", , , flags = "", name = ""]) => ({
			destination: `${ipv6Of(hex)}/${Number.parseInt(length, 16)}`,
			...towards(name, flags),
			metric: Number.parseInt(metric, 16),
		}));
	const best = new Map<string, { destination: string; interface?: string }>();
	for (const { metric: _, ...route } of [...ofIpv4, ...ofIpv6].sort((a, b) => a.metric - b.metric)) {
		if (!best.has(route.destination)) best.set(route.destination, route);
	}
	return [...best.values()];
}

/** linux/route.h and linux/ipv6_route.h; `own`: RTF_LOCAL and RTF_ANYCAST. */
const routeFlags = { up: 0x1, reject: 0x200, own: 0x80100000 };

const has = (flags: string, bits: number): boolean => (Number.parseInt(flags, 16) & bits) !== 0;

const towards = (name: string, flags: string): { interface?: string } =>
	has(flags, routeFlags.reject) ? {} : { interface: name };

/** "/proc/sys/net/ipv4/conf/eth0/rp_filter" is net.ipv4.conf.eth0.rp_filter. */
function sysctlsOf(sections: Sections): Record<string, string> {
	const prefix = "/proc/sys/";
	const own = [...sections].filter(([name]) => name.startsWith(prefix));
	const values = own.map(([name, value]) => [name.slice(prefix.length).replaceAll("/", "."), value.trim()] as const);
	return Object.fromEntries(values.filter(([, value]) => /^\d+$/.test(value)));
}

function json(text: string | undefined): Record<string, unknown>[] | undefined {
	if (text === undefined) return undefined;
	try {
		const parsed: unknown = JSON.parse(text);
		return Array.isArray(parsed) ? parsed : undefined;
	} catch {
		// An `ip` without JSON, as BusyBox has it, prints text: then the files in /proc have to do.
		return undefined;
	}
}

const lines = (text = ""): string[][] =>
	text
		.split("\n")
		.filter((line) => line.trim() !== "")
		.map((line) => line.trim().split(/\s+/));

/** The kernel prints IPv4 addresses as numbers in the machine's byte order, which is little-endian where Kubernetes runs. */
const ipv4Of = (hex: string): string =>
	(hex.match(/../g) ?? [])
		.reverse()
		.map((byte) => Number.parseInt(byte, 16))
		.join(".");

const ipv6Of = (hex: string): string => ipaddr.parse((hex.match(/.{4}/g) ?? []).join(":")).toString();
