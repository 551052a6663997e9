/** A node's routes, as `ip` prints them, or else as /proc shows them. */
import ipaddr from "ipaddr.js";
import { ipv4Of, ipv6Of, json, lines, type Sections } from "./printedFacts.ts";

export interface NodeRoute {
	destination: string;
	/** Absent: it rejects packets. */
	interface?: string;
}

type Family = "ipv4" | "ipv6";

interface Found extends NodeRoute {
	metric: number;
}

/** Without those of a family whose packets may use other tables than main. */
export function routesOf(sections: Sections): NodeRoute[] | undefined {
	const routes = (["ipv4", "ipv6"] as const).flatMap((family) =>
		hasPolicyRouting(sections, family) ? [] : bestOf(readRoutes(sections, family)),
	);
	return routes.length > 0 ? routes : undefined;
}

/**
 * The kernel names other tables "Id 100:" in fib_trie. Without `ip`, they show that rules may select them; IPv6 shows no
 * tables, and is taken as routed like IPv4.
 */
function hasPolicyRouting(sections: Sections, family: Family): boolean {
	const rules = json(sections.get(family === "ipv4" ? "ip -j rule" : "ip -6 -j rule"));
	if (rules) return rules.some(({ table }) => !["local", "main", "default"].includes(String(table)));
	return /^Id \d+:/m.test(sections.get("/proc/net/fib_trie") ?? "");
}

const readRoutes = (sections: Sections, family: Family): Found[] =>
	byProgram(sections, family) ?? (family === "ipv4" ? ofIpv4(sections) : ofIpv6(sections));

/** Of several routes to a destination, those of the lowest metric: they share the traffic. */
function bestOf(routes: readonly Found[]): NodeRoute[] {
	const best = new Map<string, Found[]>();
	for (const route of [...routes].sort((a, b) => a.metric - b.metric)) {
		const before = best.get(route.destination) ?? [];
		const isWorse = before.some(({ metric }) => metric < route.metric);
		const isKnown = before.some((one) => one.interface === route.interface);
		if (!isWorse && !isKnown) best.set(route.destination, [...before, route]);
	}
	return [...best.values()].flat().map(({ metric: _, ...route }) => route);
}

interface PrintedRoute {
	dst?: string;
	dev?: string;
	metric?: number;
	nexthops?: { dev?: string }[];
}

function byProgram(sections: Sections, family: Family): Found[] | undefined {
	const option = family === "ipv4" ? "" : "-6 ";
	const printed = json(sections.get(`ip ${option}-j route show table main`)) as PrintedRoute[] | undefined;
	return printed?.flatMap(({ dst = "default", dev, metric = 0, nexthops = [] }) => {
		const devices = nexthops.length > 0 ? nexthops.map((one) => one.dev) : [dev];
		// A route of another type than unicast has no device, or lo.
		return devices.map((name) => ({
			destination: withLength(dst, family),
			...(name !== undefined && name !== "lo" && { interface: name }),
			metric,
		}));
	});
}

function withLength(destination: string, family: Family): string {
	if (destination === "default") return family === "ipv4" ? "0.0.0.0/0" : "::/0";
	return destination.includes("/") ? destination : `${destination}/${family === "ipv4" ? 32 : 128}`;
}

function ofIpv4(sections: Sections): Found[] {
	const [, ...routes] = lines(sections.get("/proc/net/route"));
	return routes
		.filter(([, , , flags = ""]) => has(flags, routeFlags.up))
		.map(([name = "", destination = "", , flags = "", , , metric = "", mask = ""]) => ({
			destination: `${ipv4Of(destination)}/${ipaddr.IPv4.parse(ipv4Of(mask)).prefixLengthFromSubnetMask() ?? 32}`,
			...towards(name, flags),
			metric: Number(metric),
		}));
}

/** The file has the routes of all tables, and each path of a multipath route; metrics of different tables don't compare. */
function ofIpv6(sections: Sections): Found[] {
	return lines(sections.get("/proc/net/ipv6_route"))
		.filter(([, , , , , , , , flags = ""]) => has(flags, routeFlags.up) && !has(flags, routeFlags.own))
		.map(([hex = "", length = "", , , , , , , flags = "", name = ""]) => ({
			destination: `${ipv6Of(hex)}/${Number.parseInt(length, 16)}`,
			...towards(name, flags),
			metric: 0,
		}));
}

/** linux/route.h and linux/ipv6_route.h; `own`: RTF_LOCAL and RTF_ANYCAST. */
const routeFlags = { up: 0x1, reject: 0x200, own: 0x80100000 };

const has = (flags: string, bits: number): boolean => (Number.parseInt(flags, 16) & bits) !== 0;

const towards = (name: string, flags: string): { interface?: string } =>
	has(flags, routeFlags.reject) ? {} : { interface: name };
