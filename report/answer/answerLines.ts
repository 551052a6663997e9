/** The lines that every command ends with: a label, and a text or a command. */
import { fill, fillCommand } from "../screen/fill.ts";
import { painter, type Screen } from "../screen/screen.ts";

export type Line = { label: string } & ({ text: string } | { command: readonly string[]; comment?: string });

export interface Verdict {
	ok: boolean;
	text: string;
}

/** The width of the labels. */
export const margin = 9;

/** The verdict, then one line for each label; a comment that doesn't fit into a command's line is left out. */
export function answerLines(
	verdict: Verdict,
	lines: readonly Line[],
	{ color, width = Number.POSITIVE_INFINITY }: Screen,
): string {
	const paint = painter({ color });
	const heading = fill(verdict.text, width).map((line) => paint(["bold", verdict.ok ? "green" : "red"], line));
	const rest = lines.flatMap((line) => {
		const label = line.label.padEnd(margin);
		const [first = "", ...others] = "text" in line ? fill(line.text, width, label) : commandLines(line, label, width);
		return [`${paint("dim", label)}${first.slice(margin)}`, ...others];
	});
	return [...heading, ...rest].join("\n");
}

function commandLines({ command, comment }: Extract<Line, { command: unknown }>, label: string, width: number) {
	const lines = fillCommand(command, width, label);
	const [first] = lines;
	const whole = `${first}  # ${comment}`;
	return lines.length === 1 && comment !== undefined && whole.length <= width ? [whole] : lines;
}

/** As many items as fit into the room, at least one, and how many are left out. */
export function shortList(items: readonly string[], room: number): string {
	const shown: string[] = [];
	for (const item of items) {
		if (shown.length > 0 && [...shown, item].join(", ").length > room) break;
		shown.push(item);
	}
	const others = items.length - shown.length;
	return `${shown.join(", ")}${others > 0 ? ` and ${others} more` : ""}`;
}
