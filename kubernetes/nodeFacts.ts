/** Facts about a node's network that its kernel shows: interfaces, addresses, routes, policy routing and settings. */
import { type NodeRoute, routesOf } from "./facts/nodeRoutes.ts";
import { ipv6Of, json, lines, type Sections, sectionsOf } from "./facts/printedFacts.ts";

/** What could be read; absent: it isn't known. */
export interface NodeFacts {
	/** `addresses`: with prefix lengths, the primary one first. */
	interfaces?: { name: string; addresses?: string[]; bridge?: boolean }[];
	localAddresses?: string[];
	/**
	 * Of the main table, of each family for which no rule of policy routing can select another one. Several to one destination
	 * share the traffic; without an interface, they reject packets.
	 */
	routes?: NodeRoute[];
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
	"/proc/sys/net/bridge/bridge-nf-call-ip6tables",
];

/** /proc/net/route shows only the first path of a multipath route, `ip` all (fib_route_seq_show in net/ipv4/fib_trie.c). */
const programs = [
	"ip -j address",
	"ip -j rule",
	"ip -6 -j rule",
	"ip -j route show table main",
	"ip -6 -j route show table main",
];

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
	echo "== bridges"
	for folder in /sys/class/net/*/bridge; do
		[ -d "$folder" ] || continue
		name=\${folder#/sys/class/net/}
		echo "\${name%/bridge}"
	done
	for program in ${programs.map((program) => `"${program}"`).join(" ")}; do
		printed=$($program 2>/dev/null) || continue
		echo "== $program"
		echo "$printed"
	done
	true`,
];

export function parseFacts(text: string): NodeFacts {
	const sections = sectionsOf(text);
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

function interfacesOf(sections: Sections): NodeFacts["interfaces"] {
	const bridges = lines(sections.get("bridges")).map(([name]) => name);
	const kindOf = (name: string) => (bridges.includes(name) ? { bridge: true } : {});
	const listed = json(sections.get("ip -j address"));
	if (listed) {
		return listed.map(({ ifname, addr_info = [] }) => ({
			name: String(ifname),
			addresses: (addr_info as { local: string; prefixlen: number }[]).map((one) => `${one.local}/${one.prefixlen}`),
			...kindOf(String(ifname)),
		}));
	}
	const names = [...(sections.get("/proc/net/dev") ?? "").matchAll(/^\s*([^\s:|]+):/gm)].map(([, name = ""]) => name);
	return names.length > 0 ? names.map((name) => ({ name, ...kindOf(name) })) : undefined;
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

/** "/proc/sys/net/ipv4/conf/eth0/rp_filter" is net.ipv4.conf.eth0.rp_filter. */
function sysctlsOf(sections: Sections): Record<string, string> {
	const prefix = "/proc/sys/";
	const own = [...sections].filter(([name]) => name.startsWith(prefix));
	const values = own.map(([name, value]) => [name.slice(prefix.length).replaceAll("/", "."), value.trim()] as const);
	return Object.fromEntries(values.filter(([, value]) => /^\d+$/.test(value)));
}
