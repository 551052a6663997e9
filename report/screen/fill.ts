/** Text in lines that are no wider than a terminal. */
import { shellText } from "../../lib/shell.ts";

/**
 * Breaks a text at spaces, and words that are too long anywhere.
 * @param first before the first line
 * @param next before the others @default spaces of the same width
 */
export function fill(text: string, width: number, first = "", next = " ".repeat(first.length)): string[] {
	const lines: string[] = [];
	let line = first;
	let isEmpty = true;
	for (const word of text.split(/\s+/).filter((word) => word !== "")) {
		const room = Math.max(8, width - next.length);
		for (const part of pieces(word, room)) {
			if (!isEmpty && line.length + 1 + part.length > width) {
				lines.push(line);
				line = next;
				isEmpty = true;
			}
			line += isEmpty ? part : ` ${part}`;
			isEmpty = false;
		}
	}
	return [...lines, line];
}

function pieces(word: string, room: number): string[] {
	if (word.length <= room || room === Number.POSITIVE_INFINITY) return [word];
	return Array.from({ length: Math.ceil(word.length / room) }, (_, i) => word.slice(i * room, (i + 1) * room));
}

/** A command that a shell still reads as one: broken between its words, with a backslash at the end of the line. */
export const fillCommand = (command: readonly string[], width: number, first: string): string[] =>
	fillWords(
		command.map((word) => shellText(word)),
		width,
		first,
	);

/** As `fillCommand`, for a command line: spaces in quotes don't end a word. */
export const fillShell = (text: string, width: number, first: string): string[] =>
	fillWords(text.match(/(?:[^\s'"]|'[^']*'|"(?:[^"\\]|\\.)*"|['"])+/g) ?? [], width, first);

function fillWords(words: readonly string[], width: number, first: string): string[] {
	const lines: string[] = [];
	const next = " ".repeat(first.length + 2);
	let line = first;
	let isEmpty = true;
	for (const word of words) {
		// Room for " \\" if another word follows.
		if (!isEmpty && line.length + 1 + word.length + 2 > width) {
			lines.push(`${line} \\`);
			line = next;
			isEmpty = true;
		}
		line += isEmpty ? word : ` ${word}`;
		isEmpty = false;
	}
	return [...lines, line];
}
