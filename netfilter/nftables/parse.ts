/**
 * Parses the output of `nft -j list ruleset`. Nothing is dropped: what isn't understood is kept as a statement or an
 * expression of kind "unknown", and problemsOf reports it.
 */
import type { Family } from "../model.ts";
import { hooks } from "../packet/state.ts";
import { Elements, isObject } from "./expressions.ts";
import { parseStatement, type Statement } from "./statements.ts";

/** All tables, in nft's order: the oldest first. */
export interface NftablesRuleset {
	tables: Table[];
	/** Objects of a kind that isn't understood. */
	strangeObjects: string[];
}

/** "bridge" and "netdev" see packets before and after the hooks of IP, "arp" sees none of IP. */
export type TableFamily = "ip" | "ip6" | "inet" | "arp" | "bridge" | "netdev";

export const nameOfFamily: Record<Family, TableFamily> = { ipv4: "ip", ipv6: "ip6" };

export interface Table {
	family: TableFamily;
	name: string;
	chains: Map<string, Chain>;
	sets: Map<string, NamedSet>;
	/** Whether the kernel calls none of its chains; nft 1.0.6 and older print a flag whose name can't be trusted. */
	dormant?: boolean | "unknown";
}

/** A set or a map that rules refer to by "@". */
export interface NamedSet {
	name: string;
	content: Elements;
}

export interface Chain {
	name: string;
	/** Only of a base chain. */
	base?: BaseProperties;
	rules: Rule[];
}

export interface BaseProperties {
	type: string;
	hook: string;
	priority: number;
	policy: "accept" | "drop";
	/** At the hooks of devices; undefined: nft 1.0.6 and older don't print them. */
	devices?: string[];
}

/** One rule, parsed on first use: a packet meets a small part of a large ruleset. */
export class Rule {
	/** As in `nft -a` and `nft monitor trace`. */
	readonly handle: number;
	readonly comment: string | undefined;
	private readonly json: unknown[];
	private parsed: Statement[] | undefined;

	constructor(handle: number, comment: string | undefined, json: unknown[]) {
		this.handle = handle;
		this.comment = comment;
		this.json = json;
	}

	get statements(): Statement[] {
		this.parsed ??= this.json.map(parseStatement);
		return this.parsed;
	}
}

/**
 * @param text the output of `nft -j list ruleset`
 * @throws if it isn't that JSON, for example because it is cut
 */
export function parseNftables(text: string): NftablesRuleset {
	const reader = new RulesetReader();
	for (const object of objectsOf(text)) reader.read(object);
	return { tables: reader.tables, strangeObjects: reader.strangeObjects };
}

function objectsOf(text: string): unknown[] {
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch (cause) {
		throw new Error("the text isn't JSON; expected: the whole output of `nft -j list ruleset`", {
			cause,
		});
	}
	if (isObject(json) && Array.isArray(json.nftables)) return json.nftables;
	throw new Error('the JSON has no list "nftables"; expected: the output of `nft -j list ruleset`');
}

class RulesetReader {
	readonly tables: Table[] = [];
	readonly strangeObjects: string[] = [];

	read(object: unknown): void {
		const [kind = "", content] = Object.entries(isObject(object) ? object : {})[0] ?? [];
		const understood = isObject(content) && (kind === "metainfo" || this.add(kind, content));
		if (!understood) this.strangeObjects.push(JSON.stringify(object));
	}

	private add(kind: string, content: Record<string, unknown>): boolean {
		const { family, table: tableName, name } = content;
		if (kind === "table") {
			const dormant = isDormant(content);
			const table = { family: family as TableFamily, name: String(name), chains: new Map(), sets: new Map() };
			this.tables.push({ ...table, ...(dormant && { dormant }) });
			return true;
		}
		const table = this.tables.find((table) => table.family === family && table.name === tableName);
		if (!table) return false;
		switch (kind) {
			case "chain":
				table.chains.set(String(name), chainOf(content));
				return true;
			case "set":
			case "map": {
				const elements = Array.isArray(content.elem) ? content.elem : [];
				table.sets.set(String(name), { name: String(name), content: new Elements(elements) });
				return true;
			}
			case "rule": {
				const { chain, handle, comment, expr } = content;
				const text = typeof comment === "string" ? comment : undefined;
				const rules = table.chains.get(String(chain))?.rules;
				return Array.isArray(expr) && rules?.push(new Rule(Number(handle), text, expr)) !== undefined;
			}
			default:
				// Objects that statements refer to by name.
				return passiveObjects.has(kind);
		}
	}
}

const passiveObjects = new Set([
	...["counter", "quota", "limit", "ct helper", "ct timeout", "ct expectation", "ct count", "secmark", "synproxy"],
	"flowtable",
]);

/** Until nft 1.0.6, the name of the table is in the place of the flag's. */
function isDormant({ flags = [], name }: Record<string, unknown>): boolean | "unknown" {
	const all = [flags].flat();
	return all.includes("dormant") || (all.includes(name) && "unknown");
}

function chainOf({ name, type, hook, prio, policy, dev }: Record<string, unknown>): Chain {
	const chain = { name: String(name), rules: [] };
	if (typeof type !== "string" || typeof hook !== "string") return chain;
	const devices = dev === undefined ? {} : { devices: [dev].flat().map(String) };
	const base = {
		type,
		hook,
		priority: Number(prio),
		policy: policy === "drop" ? "drop" : "accept",
		...devices,
	} as const;
	return { ...chain, base };
}

/** Everything that isn't supported, with its place. Parses every rule and every set. */
export function problemsOf({ tables, strangeObjects }: NftablesRuleset): string[] {
	return [...strangeObjects, ...tables.flatMap(problemsOfTable)];
}

function problemsOfTable({ family, name, chains, sets }: Table): string[] {
	const place = `${family} ${name}`;
	const inChains = [...chains.values()].flatMap((chain) => {
		const hook = chain.base?.hook;
		const isWalked = hook === undefined || hooks.some((walked) => walked === hook);
		return [
			...(isWalked ? [] : [`${place} ${chain.name}: its hook ${hook} isn't supported`]),
			...chain.rules.flatMap(({ handle, statements }) =>
				unknownPartsOf(statements).map((json) => `${place} ${chain.name}, handle ${handle}: ${json}`),
			),
		];
	});
	const inSets = [...sets.values()].flatMap(({ name, content }) =>
		unknownPartsOf(content).map((json) => `${place} @${name}: ${json}`),
	);
	return [...inChains, ...inSets];
}

/** The JSON of everything of kind "unknown", at any depth. */
function unknownPartsOf(part: unknown): string[] {
	if (part instanceof Elements) return unknownPartsOf(part.all);
	if (Array.isArray(part)) return part.flatMap(unknownPartsOf);
	if (!isObject(part)) return [];
	return part.kind === "unknown" ? [JSON.stringify(part.json)] : Object.values(part).flatMap(unknownPartsOf);
}
