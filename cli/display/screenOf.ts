import type { Screen } from "../../report/screen/screen.ts";

/** Characters per line if the output isn't a terminal. */
const usualWidth = 100;

/** COLUMNS, as in a shell, replaces the terminal's width. Node's hasColors respects NO_COLOR. */
export function screenOf(
	{ verbose = false, pipeWidth = usualWidth } = {},
	stream: Pick<NodeJS.WriteStream, "isTTY" | "columns" | "hasColors"> = process.stdout,
	env = process.env,
): Required<Screen> {
	const width = Number(env.COLUMNS) || (stream.isTTY && stream.columns) || pipeWidth;
	return { color: stream.isTTY && stream.hasColors(), width, verbose };
}
