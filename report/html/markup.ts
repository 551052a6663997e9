/** Distinguishes markup from text by type, so that no text gets into a page without being escaped. */

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

// XML 1.0 doesn't allow these characters, and HTML doesn't show them; a program's output may contain them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches them
const unprintable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]|\p{Surrogate}/gu;

/** For element content and quoted attribute values of HTML, SVG and XML. */
export const escaped = (text: string): string =>
	text.replace(unprintable, "\ufffd").replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign);

export class Markup {
	readonly text: string;
	constructor(text: string) {
		this.text = text;
	}
}

type Part = Markup | string | number | undefined | false | readonly Part[];

/** A template of markup: escapes every part that isn't markup itself. */
export const markup = (literals: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
	new Markup(String.raw({ raw: literals }, ...parts.map(textOf)));

function textOf(part: Part): string {
	if (part === undefined || part === false) return "";
	if (part instanceof Markup) return part.text;
	return typeof part === "string" || typeof part === "number" ? escaped(String(part)) : part.map(textOf).join("");
}
