/** Tables and wrapped lines for a terminal. */
import { stripVTControlCharacters } from "node:util";

// Color codes have no width on the screen.
const widthOf = (text: string): number => stripVTControlCharacters(text).length;

const gap = 2;

/** The first row, the header, determines the number of columns. */
export function table(rows: readonly string[][]): string {
	return lines(rows, widthsOf(rows)).join("\n");
}

/**
 * A table that is divided into parts of at most `width` characters, one below the other. Each part repeats the first
 * column, which names the rows, and has at least one more column, even if that is too wide.
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

/** Parts separated by spaces, in lines of at most `width` characters; the lines after the first are indented twice. */
export function wrapped(parts: readonly string[], width: number, indent: string): string {
	const lines: string[] = [];
	for (const part of parts) {
		const last = lines.at(-1);
		if (last !== undefined && last.length + 1 + part.length <= width) lines[lines.length - 1] = `${last} ${part}`;
		else lines.push(`${lines.length === 0 ? "" : indent}${indent}${part}`);
	}
	return lines.join("\n");
}
