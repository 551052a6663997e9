/** What a rule of iptables does with a packet that meets its conditions, from the options after -j or -g. */
import { type Address, parseAddress } from "../address.ts";
import type { Translation } from "../nat.ts";
import { type OptionGroup, textOf } from "./options.ts";

export type Target =
	| { kind: "none" | "accept" | "drop" | "return" | "notrack" }
	| { kind: "masquerade"; random: boolean }
	| { kind: "chain"; name: string; goto: boolean }
	/** undefined: the kernel's default, the family's port-unreachable. */
	| { kind: "reject"; with: string | undefined }
	/** The mark after it: (mark & ~mask) ^ value, as the kernel's xt_mark does. */
	| { kind: "mark"; value: number; mask: number }
	| { kind: "dnat" | "snat"; to: Translation }
	/** Looks at the packet, or changes what no rule sees, and lets it go on. */
	| { kind: "observe"; name: string }
	| { kind: "unknown"; text: string };

const allBits = 0xffffffff;

const observers = new Set(["LOG", "NFLOG", "TRACE", "AUDIT", "CHECKSUM", "TCPMSS"]);

/** What follows -j or -g; undefined: the rule has neither, and does nothing but count. */
export function parseTarget(group: OptionGroup | undefined): Target {
	if (!group) return { kind: "none" };
	return knownTarget(group) ?? { kind: "unknown", text: textOf(group) };
}

function knownTarget(group: OptionGroup): Target | undefined {
	const { name, options } = group;
	if (group.kind === "-g") return { kind: "chain", name, goto: true };
	if (observers.has(name)) return { kind: "observe", name };
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
		case "DNAT":
			return translation(group, "dnat", "--to-destination", "--random", "--persistent");
		case "SNAT":
			return translation(group, "snat", "--to-source", "--persistent");
		case "MASQUERADE":
			return only(group, { kind: "masquerade", random: options.length > 0 }, "--random", "--random-fully");
		case "NOTRACK":
			return only(group, { kind: "notrack" });
		case "CT":
			return options.length === 1 && options[0]?.name === "--notrack" ? { kind: "notrack" } : undefined;
		default:
			// A chain takes no options; whether there is one of that name shows in the walk.
			return only(group, { kind: "chain", name, goto: false });
	}
}

/** The target, where the group has no other options than these. */
function only<T extends Target>({ options }: OptionGroup, target: T, ...allowed: string[]): T | undefined {
	return options.every(({ name, not }) => allowed.includes(name) && !not) ? target : undefined;
}

const valueAfter = ({ options }: OptionGroup, wanted: string): string | undefined =>
	options.find(({ name }) => name === wanted)?.values[0];

/** All spellings of man iptables-extensions; the tools print the first. */
function mark({ options }: OptionGroup): Target | undefined {
	const [option, ...others] = options;
	const [value = Number.NaN, mask = allBits] = (option?.values[0] ?? "").split("/").map(Number);
	if (!option || others.length > 0 || !Number.isInteger(value) || !Number.isInteger(mask)) return undefined;
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

/** One address and at most one port. Of a range the kernel chooses, by means that the rules do not tell. */
function translation(
	group: OptionGroup,
	kind: "dnat" | "snat",
	option: string,
	...allowed: string[]
): Target | undefined {
	const to = parseTranslation(valueAfter(group, option) ?? "");
	const once = group.options.filter(({ name }) => name === option).length === 1;
	return to && once ? only(group, { kind, to }, option, ...allowed) : undefined;
}

/** "10.244.1.9:8080", "10.244.1.9", ":53", "[fd00::9]:8080" or "fd00::9". */
function parseTranslation(text: string): Translation | undefined {
	const [, bracketed, plain, digits] = text.match(/^(?:\[(.*)\]|([^[\]:]*)):(\d+)$/) ?? [];
	if (digits === undefined) {
		const whole = parseAddress(text);
		return whole && { address: whole };
	}
	const written = bracketed ?? plain ?? "";
	const address: Address | undefined = written === "" ? undefined : parseAddress(written);
	return written !== "" && !address ? undefined : { address, port: Number(digits) };
}
