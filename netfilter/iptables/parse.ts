/**
 * Parses the output of `iptables-save` and `ip6tables-save`, of either back end, with or without counters. Nothing is
 * dropped: lines and options that aren't understood are kept as unknown, and problemsOf reports them.
 */
import type { Family, RuleText } from "../model.ts";
import { parseMatches } from "./conditions/matches.ts";
import type { Match } from "./conditions/model.ts";
import { parseOptions } from "./options.ts";
import { parseTarget, type Target } from "./targets.ts";

/** The output of one save. */
export interface IptablesTables {
	family: Family;
	/** By name: "nat", "filter" … */
	tables: Map<string, Table>;
	/** The node also has tables of the legacy back end, which this output doesn't contain. */
	legacyTablesPresent?: boolean;
	/** Lines that aren't part of the format. */
	strangeLines: Problem[];
}

export interface Table {
	name: string;
	chains: Map<string, Chain>;
	/** Why rules may be missing; undefined: the table is complete. */
	incomplete?: string;
}

export interface Chain {
	name: string;
	/** Only of a base chain, such as PREROUTING. */
	policy?: "ACCEPT" | "DROP";
	rules: Rule[];
}

/** How many packets matched. */
export interface Counters {
	packets: number;
	bytes: number;
}

/** Something in the text that isn't understood. */
export interface Problem {
	/** Counted from 1. */
	line: number;
	text: string;
	reason: string;
}

export interface RuleBody {
	matches: Match[];
	target: Target;
	comment: string | undefined;
}

/** One rule, parsed on first use: a packet meets a small part of a large dump. */
export class Rule {
	/** Counted from 1. */
	readonly line: number;
	/** As the tool prints it without counters: "-A KUBE-NODEPORTS -p tcp …". */
	readonly text: string;
	private readonly counted: string | undefined;
	private parsedFirst: Match[] | undefined;
	private parsed: RuleBody | undefined;

	/** @param counted "12:888"; undefined: the tool printed no counters */
	constructor(line: number, text: string, counted: string | undefined) {
		this.line = line;
		this.text = text;
		this.counted = counted;
	}

	get counters(): Counters | undefined {
		if (this.counted === undefined) return undefined;
		const [packets = 0, bytes = 0] = this.counted.split(":").map(Number);
		return { packets, bytes };
	}

	/**
	 * The first conditions, which are iptables' own: addresses, protocol and interfaces. They are part of the body. Most
	 * rules fail by them, so the rest needn't be parsed.
	 */
	get firstMatches(): readonly Match[] {
		this.parsedFirst ??= parseOptions(this.text.slice(afterChain(this.text), afterOwn(this.text))).flatMap(
			parseMatches,
		);
		return this.parsedFirst;
	}

	get body(): RuleBody {
		this.parsed ??= this.parseBody();
		return this.parsed;
	}

	private parseBody(): RuleBody {
		const groups = parseOptions(this.text.slice(afterOwn(this.text)));
		const conditions = groups.filter(({ kind }) => kind === "" || kind === "-m");
		const comment = groups.flatMap(({ options }) => options).find(({ name }) => name === "--comment");
		return {
			matches: [...this.firstMatches, ...conditions.flatMap(parseMatches)],
			target: parseTarget(groups.find(({ kind }) => kind === "-j" || kind === "-g")),
			comment: comment?.values[0],
		};
	}
}

/** The start of a rule's first match or target. */
function afterOwn(text: string): number {
	const at = text.search(/ -[mjg] /);
	return at < 0 ? text.length : at;
}

const append = "-A ";

function afterChain(text: string): number {
	const space = text.indexOf(" ", append.length);
	return space < 0 ? text.length : space;
}

/**
 * @param text one save, or several of the same family one after the other
 * @throws if the text contains rules of both families
 */
export function parseIptablesSave(text: string): IptablesTables {
	const reader = new SaveReader();
	for (let start = 0; start < text.length; ) {
		const newline = text.indexOf("\n", start);
		const end = newline < 0 ? text.length : newline;
		reader.read(text.slice(start, end).trimEnd());
		start = end + 1;
	}
	reader.end();
	const { tables, strangeLines, legacyTablesPresent } = reader;
	// xtables-save 1.8.2 has the same header for both families.
	const family = reader.family ?? (ipv6Range.test(text) ? "ipv6" : "ipv4");
	return { family, tables, strangeLines, ...(legacyTablesPresent && { legacyTablesPresent }) };
}

const ipv6Range = /^(?:\[\d+:\d+\] )?-A .*? -[sd] [0-9a-f]*:[0-9a-f:]*\/\d+ /m;

/** Rules that kube-proxy never writes without a condition: the tool that printed them is older than the rules. */
const lostConditions: Record<string, RegExp> = {
	"nat KUBE-NODEPORTS": /^(?!.* --dports? ).* -[jg] (DNAT|KUBE-(SVC|SVL|EXT|FW|XLB|SEP)-)/,
	"nat KUBE-SERVICES": /^(?!.* --dports? ).* -[jg] KUBE-(SVC|SVL|EXT|FW|XLB|SEP)-/,
	"nat KUBE-POSTROUTING": /^-A \S+ (-m comment --comment (".*?"|\S+) )?-j RETURN$/,
	"filter KUBE-FORWARD": /^-A \S+ (-m comment --comment (".*?"|\S+) )?-j (ACCEPT|DROP)$/,
};

class SaveReader {
	legacyTablesPresent = false;
	private lost: Problem | undefined;
	family: Family | undefined;
	readonly tables = new Map<string, Table>();
	readonly strangeLines: Problem[] = [];
	private table: Table | undefined;
	private line = 0;

	read(text: string): void {
		this.line++;
		if (text === "") return;
		if (text.startsWith("#")) this.comment(text);
		else if (text.startsWith("*")) this.begin(text.slice(1));
		else if (!this.table) this.strange(text, "it is outside a table");
		else if (text === "COMMIT") this.table = undefined;
		else if (text.startsWith(":")) this.chain(this.table, text);
		else this.rule(this.table, text);
	}

	end(): void {
		this.endTable();
		if (!this.lost) return;
		const { line, reason } = this.lost;
		this.strangeLines.push(this.lost);
		for (const table of this.tables.values()) table.incomplete ??= `line ${line}: ${reason}`;
	}

	private endTable(): void {
		if (this.table) this.table.incomplete = "the text ends before its COMMIT";
		this.table = undefined;
	}

	private comment(text: string): void {
		const [, tool] = text.match(/^# Generated by (ip6?tables)(?:-nft|-legacy)?-save /) ?? [];
		if (tool) this.belongsTo(tool === "ip6tables" ? "ipv6" : "ipv4");
		if (/^# Warning: ip6?tables-legacy tables present/.test(text)) {
			this.legacyTablesPresent = true;
			this.strange(text, "the node also has tables of legacy iptables, which aren't in this output");
		}
		const [, table] = text.match(/^# Table `(.+)' is incompatible, use 'nft' tool\.$/) ?? [];
		if (table) {
			this.tables.set(table, { name: table, chains: new Map(), incomplete: "iptables-save couldn't print it" });
			this.strange(text, "iptables-save can't print the nftables rules in it");
		}
	}

	private belongsTo(family: Family): void {
		if (this.family && this.family !== family) {
			throw new Error(
				"the text contains rules of both families; fix: pass the outputs of iptables-save and ip6tables-save separately",
			);
		}
		this.family = family;
	}

	private begin(name: string): void {
		this.endTable();
		this.table = { name, chains: new Map() };
		this.tables.set(name, this.table);
	}

	/** ":PREROUTING ACCEPT [1:60]", ":KUBE-SERVICES - [0:0]" */
	private chain(table: Table, text: string): void {
		const [, name, policy] = text.match(/^:(\S+) (ACCEPT|DROP|-)(?: \[\d+:\d+\])?$/) ?? [];
		if (name === undefined) this.strange(text, "it isn't the line of a chain");
		else if (policy === "ACCEPT" || policy === "DROP") table.chains.set(name, { name, policy, rules: [] });
		else table.chains.set(name, { name, rules: [] });
	}

	/** "-A KUBE-SERVICES …" or "[0:0] -A KUBE-SERVICES …" */
	private rule(table: Table, text: string): void {
		const counted = text.startsWith("[");
		const start = counted ? text.indexOf("] ") + 2 : 0;
		const rule = text.slice(start);
		const chain = rule.startsWith(append) ? table.chains.get(rule.slice(append.length, afterChain(rule))) : undefined;
		if (!chain) this.strange(text, "it isn't a rule of a chain of this table");
		else chain.rules.push(new Rule(this.line, rule, counted ? text.slice(1, start - 2) : undefined));
		if (chain && lostConditions[`${table.name} ${chain.name}`]?.test(rule)) {
			const reason = `kube-proxy writes no rule of ${chain.name} without a condition: this iptables-save is too old for it`;
			this.lost ??= { line: this.line, text, reason };
		}
	}

	private strange(text: string, reason: string): void {
		this.strangeLines.push({ line: this.line, text, reason });
		if (this.table) this.table.incomplete ??= `line ${this.line} isn't understood`;
	}
}

/** Everything in the text that isn't understood, in its order. Parses every rule. */
export function problemsOf({ tables, strangeLines }: IptablesTables): Problem[] {
	const rules = [...tables.values()].flatMap(({ chains }) => [...chains.values()].flatMap(({ rules }) => rules));
	const unknown = rules.flatMap(({ line, text, body }) => {
		const parts = [...body.matches, body.target].flatMap((part) => (part.kind === "unknown" ? part.text : []));
		return parts.map((part) => ({ line, text, reason: `"${part}" isn't understood` }));
	});
	return [...strangeLines, ...unknown].sort((a, b) => a.line - b.line);
}

/** For traces of xtables-monitor, which prints rules as iptables-save does. */
export const ruleOfIptables: RuleText = ({ rule }) => rule;
