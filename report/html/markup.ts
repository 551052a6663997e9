/** Text that is markup already, apart from text that must be escaped: nothing gets into a page unescaped by mistake. */

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

// XML 1.0 has no place for these, and HTML none that shows: a program's output may hold them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]|\p{Surrogate}/gu;

/** For element content and for attribute values in quotes, of HTML, SVG and XML. */
export const escaped = (text: string): string =>
	text.replace(unprintable, "\ufffd").replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign);

export class Markup {
	readonly text: string;
	constructor(text: string) {
		this.text = text;
	}
}

type Part = Markup | string | number | undefined | false | readonly Part[];

/** A template of markup; what is put in is escaped, unless it is markup itself. */
export const markup = (literals: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
	new Markup(String.raw({ raw: literals }, ...parts.map(textOf)));

function textOf(part: Part): string {
	if (part === undefined || part === false) return "";
	if (part instanceof Markup) return part.text;
	return typeof part === "string" || typeof part === "number" ? escaped(String(part)) : part.map(textOf).join("");
}
