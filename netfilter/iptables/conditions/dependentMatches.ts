/** Parses the conditions of matches whose options change each other's meaning. */

import { type Option, type OptionGroup, textOf } from "../options.ts";
import { type Match, unknown } from "./model.ts";

/** By the match's name. */
export const dependentMatches: Record<string, (group: OptionGroup) => Match[]> = {
	statistic: (group) => [statistic(group)],
	recent: (group) => [recent(group)],
	addrtype,
	rpfilter: (group) => [reversePath(group)],
	socket: (group) => [socket(group)],
	set: (group) => [set(group)],
	ipv6header: (group) => [ipv6Header(group)],
};

/** Words that follow the value aren't understood. */
const hasOneValue = ({ values }: Option): boolean => values.length === 1;

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
	const wellFormed = group.options.every(
		({ name, values, not }) => known.includes(name) && values.length === 0 && !not,
	);
	if (!wellFormed) return unknown(textOf(group));
	return { kind: "socket", bound: names.length === 0, not: false };
}

/** Counters of the set's elements, and those that except addresses from a network, aren't supported. */
function set(group: OptionGroup): Match {
	const [option, ...others] = group.options.filter(({ name, not }) => !(not && name.startsWith("--update-")));
	const [name, directions, ...rest] = option?.values ?? [];
	const isPlain = option?.name === "--match-set" && others.length === 0 && rest.length === 0;
	if (!isPlain || name === undefined || directions === undefined) return unknown(textOf(group));
	return { kind: "set", name, directions: directions.split(","), not: option.not };
}

/** Headers between the one of IPv6 and that of the transport: packets of a walk have none. */
function ipv6Header(group: OptionGroup): Match {
	const headers = group.options.find(({ name }) => name === "--header");
	const isUnderstood = group.options.every(({ name, not }) => !not && (name === "--header" || name === "--soft"));
	const others = headers?.values[0]?.split(",") ?? [];
	if (!isUnderstood || others.length === 0 || others.includes("none") || others.includes("prot"))
		return unknown(textOf(group));
	return { kind: "header", name: group.name, not: false };
}

/** `--mode nth` counts packets from an unknown start; of one packet in one, it takes every one. */
function statistic(group: OptionGroup): Match {
	const { options } = group;
	if (!options.every(hasOneValue)) return unknown(textOf(group));
	const values = new Map(options.map(({ name, values: [value] }) => [name, value]));
	const isNth = values.get("--mode") === "nth" && values.get("--every") === "1";
	const probability = isNth ? 1 : Number(values.get("--probability"));
	const random = values.get("--mode") === "random" && values.size === 2 && probability >= 0 && probability <= 1;
	const not = options.some(({ not }) => not);
	return random || isNth ? { kind: "random", probability, not } : unknown(textOf(group));
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
	const understood = options.every((option) => {
		const [value = ""] = option.values;
		if (option.name === "--mask") return hasOneValue(option) && wholeAddress.has(value);
		if (["--name", "--seconds", "--hitcount"].includes(option.name)) return hasOneValue(option);
		return (
			option.values.length === 0 && (option.name in recentActions || ["--reap", "--rsource"].includes(option.name))
		);
	});
	const kind = action && recentActions[action.name];
	if (!kind || !list || !understood) return unknown(textOf(group));
	const hits = Number(options.find(({ name }) => name === "--hitcount")?.values[0] ?? 1);
	return { kind: "recent", action: kind, list, hits, not: action.not };
}
