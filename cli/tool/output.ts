/** What the commands for clusters print on, and how they end. */
import type { Screen } from "../../report/screen/screen.ts";

export const exitCodes = { nothingFound: 0, found: 1, failed: 2 };

/** Lines are as wide as the terminal; a file or a pipe has no width. */
export function screen({ isTTY = false, columns } = process.stdout, env = process.env): Screen {
	const width = Number(env.COLUMNS) || columns;
	return { color: isTTY && !env.NO_COLOR, ...(width && { width }) };
}
