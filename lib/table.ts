/** Tables and long lines of text for a terminal. */
import { stripVTControlCharacters } from "node:util";

// Colour codes take no room on the screen.
const widthOf = (text: string): number => stripVTControlCharacters(text).length;

const gap = 2;

/** Rows under each other; the first one, the heads, says how many columns there are. */
export function table(rows: readonly string[][]): string {
	return lines(rows, widthsOf(rows)).join("\n");
}

/**
 * The same in as many parts, one below the other, as it takes to stay within so many characters: each begins with the
 * first column, which names the rows. A part has at least one more column, however wide.
 */
export function wrappedTable(rows: readonly string[][], width: number): string {
	const [first = 0, ...others] = widthsOf(rows);
	const parts: { columns: number[]; used: number }[] = [];
	for (const [i, own] of others.entries()) {
		const part = parts.at(-1);
		if (part && part.used + gap + own <= width)
			Object.assign(part, { columns: [...part.columns, i + 1], used: part.used + gap + own });
		else parts.push({ columns: [0, i + 1], used: first + gap + own });
	}
	return parts.map(({ columns }) => table(rows.map((row) => columns.map((column) => row[column] ?? "")))).join("\n\n");
}

const widthsOf = (rows: readonly string[][]): number[] =>
	(rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ""))));

const lines = (rows: readonly string[][], widths: number[]): string[] =>
	rows.map((row) =>
		row
			.map((text, i) => text + " ".repeat((widths[i] ?? 0) - widthOf(text)))
			.join(" ".repeat(gap))
			.trimEnd(),
	);

/** Parts side by side, as many in a line as fit into so many characters; further lines are indented twice. */
export function wrapped(parts: readonly string[], width: number, indent: string): string {
	const lines: string[] = [];
	for (const part of parts) {
		const last = lines.at(-1);
		if (last !== undefined && last.length + 1 + part.length <= width) lines[lines.length - 1] = `${last} ${part}`;
		else lines.push(`${lines.length === 0 ? "" : indent}${indent}${part}`);
	}
	return lines.join("\n");
}
