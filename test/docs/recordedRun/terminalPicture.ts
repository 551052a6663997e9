/** A terminal's output as SVG. */
import { stripVTControlCharacters } from "node:util";
import { escaped } from "../../../report/html/markup.ts";

/** In pixels. */
const line = { width: 7.85, height: 18, margin: 16 };

export function terminalPicture(command: string, output: string): string {
	const lines = [`$ ${command}`, ...output.split("\n")];
	const height = lines.length * line.height + 2 * line.margin;
	const columns = Math.max(...lines.map((one) => stripVTControlCharacters(one).length));
	const width = Math.ceil(columns * line.width) + 2 * line.margin;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="The end of ${escaped(command)} in a terminal" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
		'<style>rect{fill:#14171c}text{fill:#d5dae2;font:13px ui-monospace,"DejaVu Sans Mono",Consolas,monospace;white-space:pre}.bold{font-weight:700}.dim{fill:#a5aebb}.green{fill:#86d9a0}.red{fill:#ff9aa2}.yellow{fill:#eebf6b}</style>',
		'<rect width="100%" height="100%" rx="8"/>',
		...lines.map((one, i) => {
			const y = line.margin + (i + 1) * line.height - 4;
			return `<text x="${line.margin}" y="${y}" xml:space="preserve">${spans(one)}</text>`;
		}),
		"</svg>\n",
	].join("\n");
}

const styles: Record<string, string> = { 1: "bold", 2: "dim", 31: "red", 32: "green", 33: "yellow" };
const ends: Record<string, string[]> = {
	0: Object.values(styles),
	22: ["bold", "dim"],
	39: ["red", "green", "yellow"],
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's codes begin with one
const code = /\u001b\[(\d+)m/;

/** The terminal's codes as classes. */
function spans(text: string): string {
	const active = new Set<string>();
	return text
		.split(code)
		.map((part, i) => {
			if (i % 2 === 0) {
				if (part === "" || active.size === 0) return escaped(part);
				return `<tspan class="${[...active].join(" ")}">${escaped(part)}</tspan>`;
			}
			for (const style of ends[part] ?? []) active.delete(style);
			if (styles[part]) active.add(styles[part]);
			return "";
		})
		.join("");
}
