/** The experiments as text. */
import type { Drawback } from "./model.ts";

/** What was expected and measured, and with `paths` the packet's way that explains it. */
export function drawbackText({ title, question, findings }: Drawback, { paths }: { paths: boolean }): string {
	const blocks = findings.map(({ what, expected, measured, ok, path }) =>
		[
			`${ok ? "as expected" : "NOT AS EXPECTED"}: ${what}`,
			`  expected: ${expected}`,
			`  measured: ${measured}`,
			...(path !== undefined && (paths || !ok) ? [path.replaceAll(/^/gm, "    ")] : []),
		].join("\n"),
	);
	return [`${title}: ${question}`, ...blocks].join("\n");
}

/** One line an experiment. */
export const drawbackLine = ({ name, title, findings }: Drawback): string => {
	const met = findings.filter(({ ok }) => ok).length;
	return `${name}: ${title}; ${met} of ${findings.length} as expected`;
};
