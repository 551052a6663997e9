/** A rule's options as `iptables-save` prints them, before anybody knows what they mean. */

export interface Option {
	/** With its dashes: "-s", "--dport". */
	name: string;
	values: string[];
	not: boolean;
	/** As it stands in the rule. */
	text: string;
}

/** What belongs together: iptables' own options, those of one match, or those of the target. */
export interface OptionGroup {
	/** "": iptables' own; "-m <match>", "-j <target>" and "-g <chain>" start a group of that name. */
	kind: "" | "-m" | "-j" | "-g";
	name: string;
	options: Option[];
	/** What starts it, as it stands in the rule; "" of iptables' own. */
	head: string;
}

/** A group as it stands in the rule. */
export const textOf = ({ head, options }: OptionGroup): string =>
	[...(head === "" ? [] : [head]), ...options.map(({ text }) => text)].join(" ");

/** iptables' own options, which may stand anywhere in the text. */
const ownNames = new Set(["-s", "-d", "-p", "-i", "-o", "-f"]);

/** The groups of options of a rule, from the text after "-A <chain>". */
export function parseOptions(text: string): OptionGroup[] {
	const own: OptionGroup = { kind: "", name: "", options: [], head: "" };
	const groups = [own];
	let current = own;
	for (const option of optionsOf(text)) {
		const { name, values } = option;
		if (name === "-m" || name === "-j" || name === "-g") {
			current = { kind: name, name: values[0] ?? "", options: [], head: option.text };
			groups.push(current);
		} else {
			(ownNames.has(name) ? own : current).options.push(option);
		}
	}
	return groups;
}

interface Token {
	/** Where it stands in the rule. */
	start: number;
	end: number;
	value: string;
	/** In quotation marks, so never an option, whatever it looks like. */
	quoted: boolean;
}

/** iptables-save quotes values with other characters than letters, digits, "-" and "_", and escapes `"`, `\` and `'`. */
function tokenize(text: string): Token[] {
	const tokens: Token[] = [];
	const next = /"((?:[^"\\]|\\.)*)"|\S+/g;
	for (let match = next.exec(text); match; match = next.exec(text)) {
		const [written, quoted] = match;
		const value = quoted === undefined ? written : quoted.replace(/\\(.)/g, "$1");
		tokens.push({ start: match.index, end: next.lastIndex, value, quoted: quoted !== undefined });
	}
	return tokens;
}

/** Each option with the values up to the next one. */
function optionsOf(text: string): Option[] {
	const tokens = tokenize(text);
	const options: Option[] = [];
	for (let at = 0; at < tokens.length; ) {
		const start = at;
		const not = isNegation(tokens[at]);
		if (not) at++;
		const name = tokens[at]?.value ?? "";
		at++;
		// A comment is one value, even one that looks like an option.
		const end = name === "--comment" ? at + 1 : endOfValues(tokens, at);
		const values = tokens.slice(at, end).map(({ value }) => value);
		options.push({ name, values, not, text: text.slice(tokens[start]?.start, tokens[end - 1]?.end) });
		at = end;
	}
	return options;
}

function endOfValues(tokens: readonly Token[], from: number): number {
	let at = from;
	while (at < tokens.length && !isNegation(tokens[at]) && !isName(tokens[at])) at++;
	return at;
}

const isNegation = (token: Token | undefined): boolean => token?.value === "!" && !token.quoted;

const isName = (token: Token | undefined): boolean =>
	token !== undefined && !token.quoted && token.value.startsWith("-") && /^--?[a-z]/i.test(token.value);
