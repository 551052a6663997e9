/** One rule of iptables. */
import { parseMatches } from "./conditions/matches.ts";
import type { Match } from "./conditions/model.ts";
import { parseOptions } from "./options.ts";
import { parseTarget, type Target } from "./targets.ts";

/** How many packets matched. */
export interface Counters {
	packets: number;
	bytes: number;
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

/** The start of a rule's first match or target. In a rule with long names, which people write, the whole rule is read at once. */
function afterOwn(text: string): number {
	const [found, name = ""] = text.match(/ (-[mjg]|--[a-z-]+) /) ?? [];
	if (found === undefined) return text.length;
	return name.startsWith("--") ? afterChain(text) : text.indexOf(found);
}

export const append = "-A ";

export function afterChain(text: string): number {
	const space = text.indexOf(" ", append.length);
	return space < 0 ? text.length : space;
}
