/** The experiments as text. */

import { table } from "../lib/table.ts";
import type { Drawback } from "../verification/report.ts";

/**
 * What was expected and what was measured, with the packet's ways that explain it: of the first finding that has them, and
 * of each that is not as expected; with `paths`, of all.
 */
export function drawbackText({ title, question, findings }: Drawback, { paths }: { paths: boolean }): string {
	const first = findings.find(({ path }) => path !== undefined);
	const blocks = findings.map((finding) => {
		const { what, expected, measured, ok, path = "" } = finding;
		const isShown = path !== "" && (paths || !ok || finding === first);
		return [
			`${ok ? "as expected" : "NOT AS EXPECTED"}: ${what}`,
			`  expected: ${expected}`,
			`  measured: ${measured}`,
			...(isShown ? [path.replaceAll(/^/gm, "    ")] : []),
		].join("\n");
	});
	return [`${title}: ${question}`, ...blocks].join("\n");
}

/** One row an experiment, as each went last. */
export const drawbackTable = (drawbacks: readonly Drawback[]): string =>
	table([
		["EXPERIMENT", "AS EXPECTED", "WHAT IT SHOWS", "MEASURED AT"],
		...drawbacks.map(({ name, title, checkedAt, findings }) => [
			name,
			`${findings.filter(({ ok }) => ok).length} of ${findings.length}`,
			title,
			checkedAt,
		]),
	]);
