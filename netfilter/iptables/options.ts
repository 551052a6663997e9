/** A rule's options as `iptables-save` prints them, before anybody knows what they mean. */

export interface Option {
	/** With its dashes: "-s", "--dport". */
	name: string;
	values: string[];
	not: boolean;
	/** All its words, as they stand in the rule. */
	words: string[];
}

/** What belongs together: iptables' own options, those of one match, or those of the target. */
export interface OptionGroup {
	/** "": iptables' own; "-m <match>", "-j <target>" and "-g <chain>" start a group of that name. */
	kind: "" | "-m" | "-j" | "-g";
	name: string;
	options: Option[];
	/** The words that start it; of iptables' own there are none. */
	words: string[];
}

/** A group as it stands in the rule. */
export const textOf = ({ words, options }: OptionGroup): string =>
	[...words, ...options.flatMap(({ words }) => words)].join(" ");

/** iptables' own options, which may stand anywhere in the text. */
const ownNames = new Set(["-s", "-d", "-p", "-i", "-o", "-f"]);

/** The groups of options of a rule, from the text after "-A <chain>". */
export function parseOptions(text: string): OptionGroup[] {
	const own: OptionGroup = { kind: "", name: "", options: [], words: [] };
	const groups = [own];
	let current = own;
	for (const option of optionsOf(text)) {
		const { name, values } = option;
		if (name === "-m" || name === "-j" || name === "-g") {
			current = { kind: name, name: values[0] ?? "", options: [], words: option.words };
			groups.push(current);
		} else {
			(ownNames.has(name) ? own : current).options.push(option);
		}
	}
	return groups;
}

/** iptables-save quotes values with other characters than letters, digits, "-" and "_", and escapes `"`, `\` and `'`. */
const wordsOf = (text: string): string[] => text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];

const isQuoted = (word: string): boolean => word.length > 1 && word.startsWith('"') && word.endsWith('"');

const unquoted = (word: string): string => (isQuoted(word) ? word.slice(1, -1).replace(/\\(.)/g, "$1") : word);

/** Each option with the values up to the next one. */
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

/** What stands in quotation marks never does, whatever it looks like. */
const startsOption = (word: string): boolean => word === "!" || (word.startsWith("-") && /^--?[a-z]/i.test(word));
