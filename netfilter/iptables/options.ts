/**
 * Splits a rule into options, without interpreting them: as `iptables-save` prints it, and as `iptables-restore` accepts it
 * too, with long names and "!" before the value.
 */

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

/** Other names of options, which only rules have that people wrote (man iptables, man iptables-extensions). */
const aliases: Record<string, string> = {
	"--source": "-s",
	"--src": "-s",
	"--destination": "-d",
	"--dst": "-d",
	"--protocol": "-p",
	"--proto": "-p",
	"--in-interface": "-i",
	"--out-interface": "-o",
	"--fragment": "-f",
	"--match": "-m",
	"--jump": "-j",
	"--goto": "-g",
	"--source-port": "--sport",
	"--destination-port": "--dport",
	"--source-ports": "--sports",
	"--destination-ports": "--dports",
	"--port": "--ports",
};

const flagsOfSyn = ["FIN,SYN,RST,ACK", "SYN"];

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
		} else if (ownNames.has(name) || current !== own) {
			(ownNames.has(name) ? own : current).options.push(option);
		} else {
			implied(groups, own).options.push(option);
		}
	}
	return groups;
}

/** `-p tcp --dport 80` means `-p tcp -m tcp --dport 80`. */
function implied(groups: OptionGroup[], own: OptionGroup): OptionGroup {
	const name = own.options.find((option) => option.name === "-p" && !option.not)?.values[0];
	if (name === undefined) return own;
	const known = groups.find((group) => group.kind === "-m" && group.name === name);
	const group = known ?? { kind: "-m" as const, name, options: [], words: [], unread: [] };
	if (!known) groups.push(group);
	return group;
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
		const isNegated = words[at] === "!";
		if (isNegated) at++;
		const written = unquoted(words[at] ?? "");
		const name = aliases[written] ?? written;
		at++;
		// Until iptables 1.4.3: "-s ! 10.0.0.0/8".
		const isOld = words[at] === "!" && at + 1 < words.length && !startsOption(words[at + 1] ?? "");
		if (isOld) at++;
		// A comment is one value, even one that looks like an option.
		const end = name === "--comment" ? at + 1 : endOfValues(words, at);
		const option = { name, values: words.slice(at, end).map(unquoted), not: isNegated !== isOld };
		const known = name === "--syn" ? { ...option, name: "--tcp-flags", values: flagsOfSyn } : option;
		options.push({ ...known, words: words.slice(start, end) });
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
