/** Splits a rule as `iptables-save` prints it into options, without interpreting them. */

export interface Option {
	/** With its dashes: "-s", "--dport". */
	name: string;
	values: string[];
	not: boolean;
	/** All its words, as written in the rule. */
	words: string[];
}

/** Options that belong together: iptables' own, those of one match, or those of the target. */
export interface OptionGroup {
	/** "": iptables' own; "-m <match>", "-j <target>" and "-g <chain>" start a group with that name. */
	kind: "" | "-m" | "-j" | "-g";
	name: string;
	options: Option[];
	/** The words that start it; empty for iptables' own. */
	words: string[];
	/** Words after the name that aren't options, such as "[unsupported revision]". */
	unread: string[];
}

/** A group as written in the rule. */
export const textOf = ({ words, options }: OptionGroup): string =>
	[...words, ...options.flatMap(({ words }) => words)].join(" ");

/** iptables' own options, which may appear anywhere in the text. */
const ownNames = new Set(["-s", "-d", "-p", "-i", "-o", "-f"]);

/** The groups of options of a rule, from the text after "-A <chain>". */
export function parseOptions(text: string): OptionGroup[] {
	const own: OptionGroup = { kind: "", name: "", options: [], words: [], unread: [] };
	const groups = [own];
	let current = own;
	for (const option of optionsOf(text)) {
		const { name, values } = option;
		if (name === "-m" || name === "-j" || name === "-g") {
			const [named = "", ...unread] = values;
			current = { kind: name, name: named, options: [], words: option.words, unread };
			groups.push(current);
		} else {
			(ownNames.has(name) ? own : current).options.push(option);
		}
	}
	return groups;
}

/** iptables-save quotes values with characters other than letters, digits, "-" and "_", and escapes `"`, `\` and `'`. */
const wordsOf = (text: string): string[] => text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];

const isQuoted = (word: string): boolean => word.length > 1 && word.startsWith('"') && word.endsWith('"');

const unquoted = (word: string): string => (isQuoted(word) ? word.slice(1, -1).replace(/\\(.)/g, "$1") : word);

/** Each option with its values, up to the next option. */
function optionsOf(text: string): Option[] {
	const words = wordsOf(text);
	const options: Option[] = [];
	for (let at = 0; at < words.length; ) {
		const start = at;
		const not = words[at] === "!";
		if (not) at++;
		const name = unquoted(words[at] ?? "");
		at++;
		// A comment is one value, even one that looks like an option.
		const end = name === "--comment" ? at + 1 : endOfValues(words, at);
		options.push({ name, values: words.slice(at, end).map(unquoted), not, words: words.slice(start, end) });
		at = end;
	}
	return options;
}

function endOfValues(words: readonly string[], from: number): number {
	let at = from;
	while (at < words.length && !startsOption(words[at] ?? "")) at++;
	return at;
}

/** A quoted word never does. */
const startsOption = (word: string): boolean => word === "!" || (word.startsWith("-") && /^--?[a-z]/i.test(word));
