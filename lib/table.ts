/** Tables and wrapped lines for a terminal. */
import { stripVTControlCharacters } from "node:util";
import wrapAnsi from "wrap-ansi";

// Color codes have no width on the screen.
const widthOf = (text: string): number =>
	Math.max(...text.split("\n").map((line) => stripVTControlCharacters(line).length));

const gap = 2;

/** The first row, the header, determines the number of columns. */
export function table(rows: readonly string[][]): string {
	return lines(rows, widthsOf(rows)).join("\n");
}

/** What a column gets at least, however narrow the terminal is. */
const least = 8;

/**
 * A table that is divided into parts of at most `width` characters, one below the other. Each part repeats the first
 * columns, which name the rows. A column that is too wide for a part of its own is wrapped.
 */
export function wrappedTable(rows: readonly string[][], width: number, keys = 1): string {
	const [columns, gaps] = [rows[0]?.length ?? 0, gap * keys];
	const named = widthsOf(rows).slice(0, keys);
	const room = Math.max(least, width - gaps - named.reduce((sum, own) => sum + own, 0));
	const fitting = rows.map((row) => row.map((text, i) => (i < keys ? text : wrappedCell(text, room))));
	const widths = widthsOf(fitting);
	const used = (part: readonly number[]) => part.reduce((sum, i) => sum + (widths[i] ?? 0) + gap, -gap);
	const names = named.map((_, i) => i);
	const parts: number[][] = [];
	for (let i = keys; i < columns; i++) {
		const part = parts.at(-1);
		if (part && used([...part, i]) <= width) part.push(i);
		else parts.push([...names, i]);
	}
	return parts.map((part) => table(fitting.map((row) => part.map((column) => row[column] ?? "")))).join("\n\n");
}

const wrappedCell = (text: string, room: number): string =>
	Number.isFinite(room) ? wrapAnsi(text, room, { hard: true }) : text;

const widthsOf = (rows: readonly string[][]): number[] =>
	(rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ""))));

/** A cell may have several lines. */
const lines = (rows: readonly string[][], widths: number[]): string[] =>
	rows.flatMap((row) => {
		const cells = row.map((text) => text.split("\n"));
		const height = Math.max(1, ...cells.map(({ length }) => length));
		return Array.from({ length: height }, (_, line) =>
			cells
				.map((cell, i) => {
					const text = cell[line] ?? "";
					return text + " ".repeat((widths[i] ?? 0) - widthOf(text));
				})
				.join(" ".repeat(gap))
				.trimEnd(),
		);
	});

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
