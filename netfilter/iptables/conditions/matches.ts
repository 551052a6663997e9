/** Parses the conditions of an iptables rule from its options. */
import { type PortRange, parseAddress, parseRange } from "../../address.ts";
import { type Option, type OptionGroup, textOf } from "../options.ts";
import { dependentMatches } from "./dependentMatches.ts";
import { type Match, type MatchKind, unknown } from "./model.ts";

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
const protocols: Record<string, string> = { "0": "all", ip: "all", "6": "tcp", "17": "udp", "132": "sctp" };

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
		"--ctorigsrc": (text) => connectionAddress("original", "source", text),
		"--ctorigdst": (text) => connectionAddress("original", "destination", text),
		"--ctreplsrc": (text) => connectionAddress("reply", "source", text),
		"--ctrepldst": (text) => connectionAddress("reply", "destination", text),
		"--ctorigsrcport": (text) => connectionPort("original", "source", text),
		"--ctorigdstport": (text) => connectionPort("original", "destination", text),
		"--ctreplsrcport": (text) => connectionPort("reply", "source", text),
		"--ctrepldstport": (text) => connectionPort("reply", "destination", text),
		"--ctproto": (text) => ({ kind: "connection-protocol", protocol: protocols[text] ?? text }),
		"--ctstatus": (text) => ({ kind: "connection-status", statuses: text.split(",") }),
		"--ctdir": (direction) => ({ kind: "direction", direction }),
	},
	helper: { "--helper": () => ({ kind: "helper" }) },
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
		"--physdev-is-bridged": () => ({ kind: "bridge-port", of: "both" }),
	},
	owner: {
		"--uid-owner": () => ({ kind: "owner" }),
		"--gid-owner": () => ({ kind: "owner" }),
		"--socket-exists": () => ({ kind: "owner" }),
	},
	cgroup: { "--cgroup": () => ({ kind: "cgroup" }), "--path": () => ({ kind: "cgroup" }) },
	pkttype: { "--pkt-type": (type) => ({ kind: "packet-type", type }) },
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

const without: ReadonlySet<string> = new Set([
	"-f",
	"--physdev-is-in",
	"--physdev-is-out",
	"--physdev-is-bridged",
	"--socket-exists",
]);

/** The conditions of a group of options; those that aren't understood are of kind "unknown", with their text. */
export function parseMatches(group: OptionGroup): Match[] {
	if (group.kind === "") return group.options.map((option) => parseOption(ownOptions, option));
	if (group.unread.length > 0) return [unknown(textOf(group))];
	if (otherHeaders.has(group.name)) return [{ kind: "header", name: group.name, not: false }];
	const dependent = dependentMatches[group.name];
	if (dependent) return dependent(group);
	const understood = matchOptions[group.name];
	if (!understood) return [unknown(textOf(group))];
	const withState = group.name === "conntrack" && group.options.some(({ name }) => name === "--ctstate");
	return group.options
		.filter(({ name }) => name !== "--comment")
		.map((option) => parseOption(understood, option, `-m ${group.name} `))
		.map((match) => (withState && match.kind !== "conntrack-state" ? { ...match, withState } : match));
}

/** @param prefix the match that the option belongs to */
function parseOption(understood: Record<string, ReadValue>, option: Option, prefix = ""): Match {
	const { name, values, not } = option;
	const wanted = without.has(name) ? 0 : name === "--tcp-flags" ? 2 : 1;
	const kind = values.length === wanted ? understood[name]?.(values[0] ?? "", option) : undefined;
	return kind ? { ...kind, not } : unknown(prefix + option.words.join(" "));
}

function range(kind: "source" | "destination", text: string): MatchKind | undefined {
	const parsed = parseRange(text);
	return parsed && { kind, range: parsed };
}

function connectionAddress(
	direction: "original" | "reply",
	of: "source" | "destination",
	text: string,
): MatchKind | undefined {
	const parsed = parseRange(text);
	return parsed && { kind: "connection-address", direction, of, range: parsed };
}

function connectionPort(
	direction: "original" | "reply",
	of: "source" | "destination",
	text: string,
): MatchKind | undefined {
	const read = portRanges("destination-port", text);
	return read && "ranges" in read ? { kind: "connection-port", direction, of, ranges: read.ranges } : undefined;
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
