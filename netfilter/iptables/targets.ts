/** Parses the target of an iptables rule: the options after -j or -g. */
import { type Address, type AddressRange, addressesFrom, parseAddress, parseRange } from "../address.ts";
import type { Translation } from "../packet/nat.ts";
import { type Option, type OptionGroup, textOf } from "./options.ts";

export type Target =
	| { kind: "none" | "accept" | "drop" | "return" | "notrack" }
	/** `otherPort`: whether the source port changes; undefined: that isn't known. */
	| { kind: "masquerade"; otherPort: boolean | undefined }
	| { kind: "chain"; name: string; goto: boolean }
	/** undefined: the kernel's default, the family's port-unreachable. */
	| { kind: "reject"; with: string | undefined }
	/** The mark after it is (mark & ~mask) ^ value, as in the kernel's xt_mark. */
	| { kind: "mark"; value: number; mask: number }
	/** A mark by a hash of the packet. */
	| { kind: "hash-mark" }
	| { kind: "connection-mark"; action: "set" | "save" | "restore"; value: number; packetMask: number; mask: number }
	| { kind: "dnat"; to: Translation }
	| { kind: "snat"; to: Translation }
	/** Replaces the network's bits of the address: the destination's, or on the way out the source's. */
	| { kind: "netmap"; range: AddressRange }
	/** To an address of the node itself; of several ports the kernel chooses one. undefined: the port stays as it is. */
	| { kind: "redirect"; ports: (number | undefined)[] }
	/** Adds the packet's ends to sets, or removes them. */
	| { kind: "change-sets"; names: string[] }
	/** Lets the packet pass, and changes only what no supported match sees. */
	| { kind: "observe"; name: string }
	| { kind: "unknown"; text: string };

const allBits = 0xffffffff;

/** Targets that let the packet pass, and change nothing that a supported match sees. */
export const observers = new Set([
	...["LOG", "NFLOG", "ULOG", "TRACE", "AUDIT", "LED", "RATEEST", "IDLETIMER", "TEE", "ACCOUNT"],
	...[
		"CHECKSUM",
		"TCPMSS",
		"TCPOPTSTRIP",
		"CLASSIFY",
		"DSCP",
		"TOS",
		"ECN",
		"TTL",
		"HL",
		"SECMARK",
		"CONNSECMARK",
		"SET",
	],
]);

/** @param group undefined: the rule has neither -j nor -g, and only counts */
export function parseTarget(group: OptionGroup | undefined): Target {
	if (!group) return { kind: "none" };
	return knownTarget(group) ?? { kind: "unknown", text: textOf(group) };
}

function knownTarget(group: OptionGroup): Target | undefined {
	const { name, options } = group;
	if (group.unread.length > 0) return undefined;
	if (group.kind === "-g") return { kind: "chain", name, goto: true };
	if (name === "SET" && !mayDecide(group))
		return {
			kind: "change-sets",
			names: options.flatMap(({ name, values: [set = ""] }) => (/-set$/.test(name) ? set : [])),
		};
	if (observers.has(name)) return mayDecide(group) ? undefined : { kind: "observe", name };
	switch (name) {
		case "ACCEPT":
			return only(group, { kind: "accept" });
		case "DROP":
			return only(group, { kind: "drop" });
		case "RETURN":
			return only(group, { kind: "return" });
		case "REJECT":
			return only(group, { kind: "reject", with: valueAfter(group, "--reject-with") }, "--reject-with");
		case "MARK":
			return mark(group);
		case "HMARK":
			return { kind: "hash-mark" };
		case "CONNMARK":
			return connectionMark(group);
		case "DNAT":
			return translation(group, "dnat", "--to-destination", "--random", "--persistent");
		case "SNAT":
			return translation(group, "snat", "--to-source", "--persistent", ...randomOptions);
		case "REDIRECT":
			return redirect(group);
		case "NETMAP":
			return netmap(group);
		case "MASQUERADE": {
			const otherPort = options.length === 0 ? false : isRandom(group) ? true : undefined;
			return only(group, { kind: "masquerade", otherPort }, "--to-ports", ...randomOptions);
		}
		case "NOTRACK":
			return only(group, { kind: "notrack" });
		case "CT":
			if (options.length === 1 && options[0]?.name === "--notrack") return { kind: "notrack" };
			// A new connection is one in every zone.
			return options.some(({ name }) => name === "--notrack") ? undefined : { kind: "observe", name };
		default:
			// Whether a chain of that name exists is checked in the walk.
			return only(group, { kind: "chain", name, goto: false });
	}
}

const randomOptions = ["--random", "--random-fully"];

const flags = [...randomOptions, "--persistent"];

const isRandom = ({ options }: OptionGroup): boolean => options.some(({ name }) => randomOptions.includes(name));

/** The target, if the group has no other options than these, each with its one value. */
function only<T extends Target>({ options }: OptionGroup, target: T, ...allowed: string[]): T | undefined {
	const isKnown = ({ name, values, not }: Option) =>
		allowed.includes(name) && !not && values.length === (flags.includes(name) ? 0 : 1);
	return options.every(isKnown) ? target : undefined;
}

/** Whether a target that mostly only observes changes where the packet goes: a mark from a set, or a TTL that ends its way. */
function mayDecide({ name, options }: OptionGroup): boolean {
	if (name === "SET") return options.some((option) => option.name.startsWith("--map-"));
	if (name !== "TTL" && name !== "HL") return false;
	return !options.every(
		(option) => /-inc$/.test(option.name) || (/-set$/.test(option.name) && Number(option.values[0]) > 1),
	);
}

const valueAfter = ({ options }: OptionGroup, wanted: string): string | undefined =>
	options.find(({ name }) => name === wanted)?.values[0];

/** All spellings of man iptables-extensions; the tools print the first. */
function mark({ options }: OptionGroup): Target | undefined {
	const [option, ...others] = options;
	const [value = Number.NaN, mask = allBits] = (option?.values[0] ?? "").split("/").map(Number);
	if (
		!option ||
		others.length > 0 ||
		option.values.length !== 1 ||
		option.not ||
		!Number.isInteger(value) ||
		!Number.isInteger(mask)
	)
		return undefined;
	switch (option.name) {
		case "--set-xmark":
			return { kind: "mark", value, mask };
		case "--set-mark":
			return { kind: "mark", value, mask: unsigned(value | mask) };
		case "--or-mark":
			return { kind: "mark", value, mask: value };
		case "--and-mark":
			return { kind: "mark", value: 0, mask: unsigned(~value) };
		case "--xor-mark":
			return { kind: "mark", value, mask: 0 };
		default:
			return undefined;
	}
}

const unsigned = (bits: number): number => bits >>> 0;

/** man iptables-extensions: `--save-mark` copies the packet's mark to the connection, `--restore-mark` copies it back. */
function connectionMark({ options }: OptionGroup): Target | undefined {
	const [action, ...masks] = options;
	const maskOf = (wanted: string) => Number(masks.find(({ name }) => name === wanted)?.values[0] ?? allBits);
	const values = (action?.values[0] ?? "").split("/").map(Number);
	const [value = Number.NaN, mask = allBits] = values;
	const kind = "connection-mark";
	const isFlag = (name: string) => name === "--save-mark" || name === "--restore-mark";
	if (options.some(({ name, values, not }) => not || values.length !== (isFlag(name) ? 0 : 1))) return undefined;
	if (action?.name === "--save-mark" || action?.name === "--restore-mark") {
		const known = masks.every(({ name }) => ["--nfmask", "--ctmask", "--mask"].includes(name));
		const [packetMask, mask] = masks.some(({ name }) => name === "--mask")
			? [maskOf("--mask"), maskOf("--mask")]
			: [maskOf("--nfmask"), maskOf("--ctmask")];
		const name = action.name === "--save-mark" ? "save" : "restore";
		return known ? { kind, action: name, value: 0, packetMask, mask } : undefined;
	}
	if (masks.length > 0 || !Number.isInteger(value) || !Number.isInteger(mask)) return undefined;
	const set = (value: number, mask: number): Target => ({ kind, action: "set", value, packetMask: 0, mask });
	switch (action?.name) {
		case "--set-xmark":
			return set(value, mask);
		case "--set-mark":
			return set(value, unsigned(value | mask));
		case "--or-mark":
			return set(value, value);
		case "--and-mark":
			return set(0, unsigned(~value));
		case "--xor-mark":
			return set(value, 0);
		default:
			return undefined;
	}
}

function redirect(group: OptionGroup): Target | undefined {
	const text = valueAfter(group, "--to-ports");
	const ports = text === undefined ? [undefined] : portsBetween(text);
	return ports && ports !== "unknown"
		? only(group, { kind: "redirect", ports }, "--to-ports", ...randomOptions)
		: undefined;
}

function netmap(group: OptionGroup): Target | undefined {
	const range = parseRange(valueAfter(group, "--to") ?? "");
	return range && only(group, { kind: "netmap", range }, "--to");
}

function translation(
	group: OptionGroup,
	kind: "dnat" | "snat",
	option: string,
	...allowed: string[]
): Target | undefined {
	const parsed = parseTranslation(valueAfter(group, option) ?? "");
	const isOpen = kind === "snat" && (isRandom(group) || (parsed?.ports && parsed.ports.length > 1));
	const to = parsed && (isOpen ? { ...parsed, ports: "unknown" as const } : parsed);
	const once = group.options.filter(({ name }) => name === option).length === 1;
	return to && once ? only(group, { kind, to }, option, ...allowed) : undefined;
}

/** "10.244.1.9:8080", "10.244.1.9-10.244.1.12", ":53", ":8000-8010", "[fd00::9]:8080" or "fd00::9". */
function parseTranslation(text: string): Translation | undefined {
	const [, bracketed, plain, digits] = text.match(/^(?:\[(.*)\]|([^[\]:]*)):(\d+(?:-\d+)?)$/) ?? [];
	const host = digits === undefined ? text.replace(/^\[(.*)\]$/, "$1") : (bracketed ?? plain ?? "");
	const addresses = host === "" ? undefined : addressesBetween(host);
	if ((host === "") !== (addresses === undefined) || (host === "" && digits === undefined)) return undefined;
	return digits === undefined ? { addresses } : { addresses, ports: portsBetween(digits) };
}

/** "8080", "8000-8010"; undefined: it isn't a range of ports. */
function portsBetween(text: string): number[] | "unknown" | undefined {
	const [, first, last = first] = text.match(/^(\d+)(?:-(\d+))?$/) ?? [];
	const length = Number(last) - Number(first) + 1;
	if (first === undefined || length < 1) return undefined;
	return length > mostPorts ? "unknown" : Array.from({ length }, (_, index) => Number(first) + index);
}

/** "10.244.1.9", "10.244.1.9-10.244.1.12" */
function addressesBetween(text: string): Address[] | undefined {
	const [first = "", last = first, ...others] = text.split("-");
	const [from, to] = [parseAddress(first), parseAddress(last)];
	return from && to && others.length === 0 ? addressesFrom(from, to) : undefined;
}

/** Ports of a wider range aren't listed. */
const mostPorts = 256;
