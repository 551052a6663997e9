/** Parses the conditions of an iptables rule from its options. */
import { type AddressRange, type PortRange, parseAddress, parseRange } from "../address.ts";
import { type Option, type OptionGroup, textOf } from "./options.ts";

/** A condition; `not` if an exclamation mark negates it. */
export type Match = { not: boolean } & MatchKind;

export type MatchKind =
	| { kind: "source" | "destination"; range: AddressRange }
	| { kind: "in-interface" | "out-interface"; name: string }
	| { kind: "protocol"; protocol: string }
	| { kind: "source-port" | "destination-port" | "either-port"; ranges: PortRange[] }
	| { kind: "tcp-flags"; mask: string[]; set: string[] }
	| { kind: "fragment" }
	| { kind: "mark" | "connection-mark"; value: number; mask: number }
	/** `on`: a local address must be one of the packet's interface (`--limit-iface-in`, `--limit-iface-out`). */
	| { kind: "address-type"; of: "source" | "destination"; types: string[]; on?: "in" | "out" }
	| { kind: "conntrack-state"; states: string[] }
	/** The connection's addresses before NAT. */
	| { kind: "original-address"; of: "source" | "destination"; range: AddressRange }
	| { kind: "original-port"; ranges: PortRange[] }
	| { kind: "direction"; direction: string }
	| { kind: "random"; probability: number }
	| { kind: "recent"; action: "rcheck" | "update" | "set" | "remove"; list: string }
	| { kind: "reverse-path"; loose: boolean; acceptsLocal: boolean }
	| { kind: "bridge-port"; of: "in" | "out" }
	/** `bound`: only sockets that are bound to the packet's own destination count. */
	| { kind: "socket"; bound: boolean }
	/** A header that packets of TCP, UDP and SCTP don't have: ICMP's, IPsec's, IPv6 extensions. */
	| { kind: "header"; name: string }
	| { kind: "nfacct"; name: string }
	| { kind: "unknown"; text: string; reason?: string };

/** undefined: the value isn't understood. */
type ReadValue = (value: string, option: Option) => MatchKind | undefined;

const ownOptions: Record<string, ReadValue> = {
	"-s": (text) => range("source", text),
	"-d": (text) => range("destination", text),
	"-i": (name) => ({ kind: "in-interface", name }),
	"-o": (name) => ({ kind: "out-interface", name }),
	"-p": (text) => ({ kind: "protocol", protocol: protocols[text] ?? text }),
	"-f": () => ({ kind: "fragment" }),
};

/** Numbers appear if the machine that saved the rules has no /etc/protocols. */
const protocols: Record<string, string> = { "0": "all", "6": "tcp", "17": "udp", "132": "sctp" };

const ports: Record<string, ReadValue> = {
	"--sport": (text) => portRanges("source-port", text),
	"--dport": (text) => portRanges("destination-port", text),
};

const states: ReadValue = (text) => ({ kind: "conntrack-state", states: text.split(",") });

/** Matches whose options don't depend on each other. */
const matchOptions: Record<string, Record<string, ReadValue>> = {
	tcp: { ...ports, "--tcp-flags": tcpFlags },
	udp: ports,
	sctp: ports,
	multiport: {
		"--sports": (text) => portRanges("source-port", text),
		"--dports": (text) => portRanges("destination-port", text),
		"--ports": (text) => portRanges("either-port", text),
	},
	mark: { "--mark": (text) => mark("mark", text) },
	connmark: { "--mark": (text) => mark("connection-mark", text) },
	conntrack: {
		"--ctstate": states,
		"--ctorigsrc": (text) => originalAddress("source", text),
		"--ctorigdst": (text) => originalAddress("destination", text),
		"--ctorigdstport": (text) => {
			const read = portRanges("destination-port", text);
			return read && "ranges" in read ? { kind: "original-port", ranges: read.ranges } : undefined;
		},
		"--ctdir": (direction) => ({ kind: "direction", direction }),
	},
	state: { "--state": states },
	iprange: {
		"--src-range": (text) => addressRange("source", text),
		"--dst-range": (text) => addressRange("destination", text),
	},
	physdev: {
		"--physdev-in": () => ({ kind: "bridge-port", of: "in" }),
		"--physdev-is-in": () => ({ kind: "bridge-port", of: "in" }),
		"--physdev-out": () => ({ kind: "bridge-port", of: "out" }),
		"--physdev-is-out": () => ({ kind: "bridge-port", of: "out" }),
		// A packet that the walk follows is routed, so it isn't forwarded from one port of a bridge to another.
		"--physdev-is-bridged": () => ({ kind: "bridge-port", of: "out" }),
	},
	nfacct: { "--nfacct-name": (name) => ({ kind: "nfacct", name }) },
	comment: {},
};

/** Headers that packets of TCP, UDP and SCTP don't have in a walk. */
const otherHeaders = new Set([
	"icmp",
	"icmp6",
	"ah",
	"esp",
	"ipcomp",
	"dccp",
	"udplite",
	"rt",
	"frag",
	"hbh",
	"dst",
	"mh",
]);

const without: ReadonlySet<string> = new Set(["-f", "--physdev-is-in", "--physdev-is-out", "--physdev-is-bridged"]);

/** The conditions of a group of options; those that aren't understood are of kind "unknown", with their text. */
export function parseMatches(group: OptionGroup): Match[] {
	if (group.kind === "") return group.options.map((option) => parseOption(ownOptions, option));
	if (group.unread.length > 0) return [unknown(textOf(group))];
	if (otherHeaders.has(group.name)) return [{ kind: "header", name: group.name, not: false }];
	const dependent = dependentMatches[group.name];
	if (dependent) return dependent(group);
	const understood = matchOptions[group.name];
	if (!understood) return [unknown(textOf(group))];
	return group.options
		.filter(({ name }) => name !== "--comment")
		.map((option) => parseOption(understood, option, `-m ${group.name} `));
}

/** Matches whose options change each other's meaning. */
const dependentMatches: Record<string, (group: OptionGroup) => Match[]> = {
	statistic: (group) => [statistic(group)],
	recent: (group) => [recent(group)],
	addrtype,
	rpfilter: (group) => [reversePath(group)],
	socket: (group) => [socket(group)],
};

/** @param prefix the match that the option belongs to */
function parseOption(understood: Record<string, ReadValue>, option: Option, prefix = ""): Match {
	const { name, values, not } = option;
	const wanted = without.has(name) ? 0 : name === "--tcp-flags" ? 2 : 1;
	const kind = values.length === wanted ? understood[name]?.(values[0] ?? "", option) : undefined;
	return kind ? { ...kind, not } : unknown(prefix + option.words.join(" "));
}

const unknown = (text: string): Match => ({ kind: "unknown", text, not: false });

function range(kind: "source" | "destination", text: string): MatchKind | undefined {
	const parsed = parseRange(text);
	return parsed && { kind, range: parsed };
}

function originalAddress(of: "source" | "destination", text: string): MatchKind | undefined {
	const parsed = parseRange(text);
	return parsed && { kind: "original-address", of, range: parsed };
}

/** "10.0.0.1-10.0.0.9" */
function addressRange(kind: "source" | "destination", text: string): MatchKind | undefined {
	const [first, last] = text.split("-").map(parseAddress);
	return first && last && { kind, range: { first, last } };
}

/** "80", "8000:8010", ":1023", and for multiport several with commas. */
function portRanges(kind: "source-port" | "destination-port" | "either-port", text: string): MatchKind | undefined {
	const ranges = text.split(",").map((part): PortRange => {
		const [first = "", last = first] = part.split(":");
		return { first: first === "" ? 0 : Number(first), last: last === "" ? 65535 : Number(last) };
	});
	return ranges.every(({ first, last }) => first <= last) ? { kind, ranges } : undefined;
}

/** "0x4000/0x4000"; without a mask all bits count. */
function mark(kind: "mark" | "connection-mark", text: string): MatchKind | undefined {
	const [value = Number.NaN, mask = 0xffffffff] = text.split("/").map(Number);
	return Number.isInteger(value) && Number.isInteger(mask) ? { kind, value, mask } : undefined;
}

function tcpFlags(mask: string, { values }: Option): MatchKind | undefined {
	const [, set] = values;
	return set === undefined ? undefined : { kind: "tcp-flags", mask: flags(mask), set: flags(set) };
}

const flags = (text: string): string[] =>
	text === "ALL" ? ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] : text === "NONE" ? [] : text.split(",");

/** `--limit-iface-in` and `--limit-iface-out` apply to all types of the group, also to negated ones. */
function addrtype(group: OptionGroup): Match[] {
	const limits = group.options.filter(({ name }) => name.startsWith("--limit-iface-"));
	const types = group.options.filter(({ name }) => name === "--src-type" || name === "--dst-type");
	const [limit] = limits;
	const all = [...limits, ...types];
	const wellFormed = limits.every(({ values, not }) => values.length === 0 && !not) && limits.length <= 1;
	if (!wellFormed || all.length !== group.options.length) return [unknown(textOf(group))];
	return types.map(({ name, values, not, words }): Match => {
		const [list = "", ...others] = values;
		if (others.length > 0) return unknown(`-m addrtype ${words.join(" ")}`);
		const of = name === "--src-type" ? "source" : "destination";
		const on = limit && { on: limit.name === "--limit-iface-in" ? ("in" as const) : ("out" as const) };
		return { kind: "address-type", of, types: list.split(","), ...on, not };
	});
}

/** Routes that depend on the packet's mark (`--validmark`) are treated like the others. */
function reversePath(group: OptionGroup): Match {
	const names = group.options.map(({ name }) => name);
	const known = ["--loose", "--validmark", "--accept-local", "--invert"];
	const wellFormed = group.options.every(
		({ name, values, not }) => known.includes(name) && values.length === 0 && !not,
	);
	if (!wellFormed) return unknown(textOf(group));
	return {
		kind: "reverse-path",
		loose: names.includes("--loose"),
		acceptsLocal: names.includes("--accept-local"),
		not: names.includes("--invert"),
	};
}

function socket(group: OptionGroup): Match {
	const known = ["--transparent", "--nowildcard", "--restore-skmark"];
	const names = group.options.map(({ name }) => name);
	if (!names.every((name) => known.includes(name))) return unknown(textOf(group));
	return { kind: "socket", bound: names.length === 0, not: false };
}

/** `--mode nth` counts packets from an unknown start, so it isn't supported. */
function statistic(group: OptionGroup): Match {
	const { options } = group;
	const values = new Map(options.map(({ name, values: [value] }) => [name, value]));
	const probability = Number(values.get("--probability"));
	const random = values.get("--mode") === "random" && values.size === 2 && probability >= 0 && probability <= 1;
	const not = options.some(({ not }) => not);
	return random ? { kind: "random", probability, not } : unknown(textOf(group));
}

const recentActions: Record<string, "rcheck" | "update" | "set" | "remove"> = {
	"--rcheck": "rcheck",
	"--update": "update",
	"--set": "set",
	"--remove": "remove",
};

/** All bits of the source address: other masks remember networks. */
const wholeAddress = new Set(["255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]);

/** Session affinity as kube-proxy writes it, by the whole source address. The caller decides how long entries last. */
function recent(group: OptionGroup): Match {
	const { options } = group;
	const action = options.find(({ name }) => name in recentActions);
	const list = options.find(({ name }) => name === "--name")?.values[0];
	const understood = options.every(
		({ name, values: [value = ""] }) =>
			name in recentActions ||
			["--name", "--seconds", "--reap", "--rsource"].includes(name) ||
			(name === "--mask" && wholeAddress.has(value)),
	);
	const kind = action && recentActions[action.name];
	return kind && list && understood ? { kind: "recent", action: kind, list, not: action.not } : unknown(textOf(group));
}
