/** Sets of the kernel that rules of iptables refer to by `-m set`, as `ipset save` prints them. */
import { type Address, type AddressRange, chanceWithin, contains, parseAddress, parseRange } from "../address.ts";
import { all, any, type Chance, certainly } from "../chance.ts";

/** A set by its name. */
export type IpSets = ReadonlyMap<string, IpSet>;

export interface IpSet {
	family: "ipv4" | "ipv6" | undefined;
	/** What an element consists of: "ip", "net", "port", "iface" … */
	parts: string[];
	/** For example a netmask, which changes what is compared. */
	isUnderstood: boolean;
	elements: Element[];
}

interface Element {
	/** As written: "10.0.0.1", "tcp:80"; in a set of sets, a set's name. */
	values: string[];
	/** An exception in a larger network. */
	nomatch: boolean;
}

/** What a set compares: of source or destination. */
export interface SetView {
	family: "ipv4" | "ipv6";
	protocol: string;
	sources: readonly Address[];
	/** undefined: unknown. */
	sourcePort: number | undefined;
	destination: Address;
	destinationPort: number;
	inInterface: string | undefined;
	outInterface: string | undefined;
}

/** Options of `create` and `add` that don't change what is compared. */
const passive =
	/^(hashsize|maxelem|size|timeout|bucketsize|initval|range|packets|bytes|comment|skbmark|skbprio|skbqueue)$/;
const flags = /^(counters|comment|skbinfo|forceadd)$/;

/** Lines that aren't understood make their set unknown. */
export function parseIpsets(text: string): IpSets {
	const sets = new Map<string, IpSet>();
	for (const line of text.split("\n")) {
		const [command, name = "", described = "", ...options] = line.trim().match(/"[^"]*"|\S+/g) ?? [];
		if (command === "create") {
			const [kind = "", parts = ""] = described.split(":");
			const ofSets = kind === "list";
			sets.set(name, {
				family: ofSets || kind === "bitmap" ? undefined : options.includes("inet6") ? "ipv6" : "ipv4",
				parts: ofSets ? ["set"] : parts.split(","),
				isUnderstood: (ofSets || parts !== "") && areHarmless(options, true),
				elements: [],
			});
		}
		const set = command === "add" ? sets.get(name) : undefined;
		if (!set) continue;
		set.elements.push({ values: described.split(","), nomatch: options.includes("nomatch") });
		const others = options.filter((option) => option !== "nomatch");
		if (!areHarmless(others, false)) set.isUnderstood = false;
	}
	return sets;
}

function areHarmless(options: readonly string[], isCreated: boolean): boolean {
	for (let at = 0; at < options.length; at++) {
		const option = options[at] ?? "";
		if (isCreated && option === "family") at++;
		else if (isCreated && flags.test(option)) continue;
		else if (passive.test(option)) at++;
		else return false;
	}
	return true;
}

/** Whether the set contains the packet's ends. @param directions "src" or "dst" for each part of an element */
export function chanceOfSet(sets: IpSets, name: string, directions: readonly string[], view: SetView): Chance {
	const set = sets.get(name);
	if (!set?.isUnderstood) return "unknown";
	// ip_set_test in net/netfilter/ipset/ip_set_core.c.
	if (set.family !== undefined && set.family !== view.family) return 0;
	if (directions.length < set.parts.length) return 0;
	if (set.parts[0] === "set") return chanceOfAnySet(sets, set, directions, view);
	const matching = set.elements
		.map((element) => ({
			element,
			chance: all(element.values.map((value, i) => chanceOfPart(set, i, value, directions, view))),
		}))
		.filter(({ chance }) => chance !== 0);
	if (matching.length === 0) return 0;
	if (matching.some(({ chance }) => chance === "unknown")) return "unknown";
	const longest = Math.max(...matching.map(({ element }) => prefixOf(element)));
	const decisive = matching.filter(({ element }) => prefixOf(element) === longest);
	const [first] = decisive;
	if (decisive.some(({ element }) => element.nomatch !== first?.element.nomatch)) return "unknown";
	return certainly(!first?.element.nomatch);
}

function chanceOfAnySet(sets: IpSets, { elements }: IpSet, directions: readonly string[], view: SetView): Chance {
	return any(elements.map(({ values: [name = ""] }) => chanceOfSet(sets, name, directions, view)));
}

const longestPrefix = 128;

const prefixOf = ({ values }: Element): number =>
	values.reduce((sum, value) => sum + Number(value.match(/\/(\d+)$/)?.[1] ?? longestPrefix), 0);

function chanceOfPart(
	{ parts }: IpSet,
	index: number,
	value: string,
	directions: readonly string[],
	view: SetView,
): Chance {
	const isSource = directions[index] === "src";
	switch (parts[index]) {
		case "ip":
		case "net": {
			const range = rangeOf(value);
			const addresses = isSource ? view.sources : [view.destination];
			return range ? chanceWithin(addresses, (address) => contains(range, address)) : "unknown";
		}
		case "port":
			return chanceOfPort(value, isSource ? view.sourcePort : view.destinationPort, view.protocol);
		case "iface": {
			const name = isSource ? view.inInterface : view.outInterface;
			return name === undefined || value.startsWith("physdev:") ? "unknown" : certainly(name === value);
		}
		default:
			return "unknown";
	}
}

/** "tcp:80", "80", "tcp:80-90"; a set of ports alone has no protocol. */
function chanceOfPort(value: string, port: number | undefined, protocol: string): Chance {
	const [, wanted, first, last = first] = value.match(/^(?:([a-z]+):)?(\d+)(?:-(\d+))?$/) ?? [];
	if (first === undefined) return value.includes(":") && !value.startsWith(protocol) ? 0 : "unknown";
	if (wanted !== undefined && wanted !== protocol) return 0;
	return port === undefined ? "unknown" : certainly(Number(first) <= port && port <= Number(last));
}

function rangeOf(value: string): AddressRange | undefined {
	const [first = "", last] = value.split("-");
	if (last === undefined) return parseRange(value);
	const [from, to] = [parseAddress(first), parseAddress(last)];
	return from && to && { first: from, last: to };
}
