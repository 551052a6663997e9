/** The conditions of a rule of iptables, from their options. */
import { type AddressRange, type PortRange, parseRange } from "../address.ts";
import { type Option, type OptionGroup, textOf } from "./options.ts";

/** A condition; `not` where an exclamation mark branches it round. */
export type Match = { not: boolean } & MatchKind;

export type MatchKind =
	| { kind: "source" | "destination"; range: AddressRange }
	| { kind: "in-interface" | "out-interface"; name: string }
	| { kind: "protocol"; protocol: string }
	| { kind: "source-port" | "destination-port" | "either-port"; ranges: PortRange[] }
	| { kind: "tcp-flags"; mask: string[]; set: string[] }
	| { kind: "fragment" }
	| { kind: "mark"; value: number; mask: number }
	| { kind: "address-type"; of: "source" | "destination"; types: string[] }
	| { kind: "conntrack-state"; states: string[] }
	| { kind: "random"; probability: number }
	| { kind: "recent"; action: "rcheck" | "update" | "set" | "remove"; list: string }
	| { kind: "nfacct"; name: string }
	| { kind: "unknown"; text: string };

/** undefined: the value is not understood. */
type ReadValue = (value: string, option: Option) => MatchKind | undefined;

const ownOptions: Record<string, ReadValue> = {
	"-s": (text) => range("source", text),
	"-d": (text) => range("destination", text),
	"-i": (name) => ({ kind: "in-interface", name }),
	"-o": (name) => ({ kind: "out-interface", name }),
	"-p": (text) => ({ kind: "protocol", protocol: protocols[text] ?? text }),
	"-f": () => ({ kind: "fragment" }),
};

/** Numbers stand where the machine that saved the rules has no /etc/protocols. */
const protocols: Record<string, string> = { "0": "all", "6": "tcp", "17": "udp", "132": "sctp" };

const ports: Record<string, ReadValue> = {
	"--sport": (text) => portRanges("source-port", text),
	"--dport": (text) => portRanges("destination-port", text),
};

const states: ReadValue = (text) => ({ kind: "conntrack-state", states: text.split(",") });

/** The matches whose options mean something each on its own. */
const matchOptions: Record<string, Record<string, ReadValue>> = {
	tcp: { ...ports, "--tcp-flags": tcpFlags },
	udp: ports,
	sctp: ports,
	multiport: {
		"--sports": (text) => portRanges("source-port", text),
		"--dports": (text) => portRanges("destination-port", text),
		"--ports": (text) => portRanges("either-port", text),
	},
	mark: { "--mark": mark },
	addrtype: {
		"--src-type": (text) => ({ kind: "address-type", of: "source", types: text.split(",") }),
		"--dst-type": (text) => ({ kind: "address-type", of: "destination", types: text.split(",") }),
	},
	conntrack: { "--ctstate": states },
	state: { "--state": states },
	nfacct: { "--nfacct-name": (name) => ({ kind: "nfacct", name }) },
	comment: {},
};

/** The conditions of a group of options; what is not understood is one of kind "unknown", with its text. */
export function parseMatches(group: OptionGroup): Match[] {
	if (group.kind === "") return group.options.map((option) => parseOption(ownOptions, option));
	if (group.name === "statistic") return [statistic(group)];
	if (group.name === "recent") return [recent(group)];
	const understood = matchOptions[group.name];
	if (!understood) return [unknown(textOf(group))];
	return group.options
		.filter(({ name }) => name !== "--comment")
		.map((option) => parseOption(understood, option, `-m ${group.name} `));
}

/** @param prefix what a problem says before the option, to tell whose it is */
function parseOption(understood: Record<string, ReadValue>, option: Option, prefix = ""): Match {
	const kind = understood[option.name]?.(option.values[0] ?? "", option);
	return kind ? { ...kind, not: option.not } : unknown(prefix + option.words.join(" "));
}

const unknown = (text: string): Match => ({ kind: "unknown", text, not: false });

function range(kind: "source" | "destination", text: string): MatchKind | undefined {
	const parsed = parseRange(text);
	return parsed && { kind, range: parsed };
}

/** "80", "8000:8010", ":1023", and, of multiport, several with commas. */
function portRanges(kind: "source-port" | "destination-port" | "either-port", text: string): MatchKind | undefined {
	const ranges = text.split(",").map((part): PortRange => {
		const [first = "", last = first] = part.split(":");
		return { first: first === "" ? 0 : Number(first), last: last === "" ? 65535 : Number(last) };
	});
	return ranges.every(({ first, last }) => first <= last) ? { kind, ranges } : undefined;
}

/** "0x4000/0x4000"; without a mask all bits count. */
function mark(text: string): MatchKind | undefined {
	const [value = Number.NaN, mask = 0xffffffff] = text.split("/").map(Number);
	return Number.isInteger(value) && Number.isInteger(mask) ? { kind: "mark", value, mask } : undefined;
}

function tcpFlags(mask: string, { values }: Option): MatchKind | undefined {
	const [, set] = values;
	return set === undefined ? undefined : { kind: "tcp-flags", mask: flags(mask), set: flags(set) };
}

const flags = (text: string): string[] =>
	text === "ALL" ? ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] : text === "NONE" ? [] : text.split(",");

/** `--mode nth` counts packets from a start that nobody tells, so it is not understood. */
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

/** All bits of the source address: anything less would remember networks. */
const wholeAddress = new Set(["255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]);

/** As kube-proxy writes session affinity: by the whole source address; how long ago is for the caller to judge. */
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
