/** The results of experiments as text. */
import { table } from "../lib/table.ts";
import type { Drawback } from "../verification/report.ts";
import { journeyText } from "./journeyText.ts";

/**
 * Expected and measured results, with the packet's path of the first measurement that has one, and of each that isn't as
 * expected.
 * @param paths shows all paths
 */
export function drawbackText({ title, question, measurements }: Drawback, { paths }: { paths: boolean }): string {
	const first = measurements.find(({ journey }) => journey !== undefined);
	const blocks = measurements.map((measurement) => {
		const { what, expected, measured, ok, journey } = measurement;
		const isShown = paths || !ok || measurement === first;
		return [
			`${ok ? "as expected" : "NOT AS EXPECTED"}: ${what}`,
			`  expected: ${expected}`,
			`  measured: ${measured}`,
			...(journey && isShown ? [journeyText(journey).replaceAll(/^/gm, "    ")] : []),
		].join("\n");
	});
	return [`${title}: ${question}`, ...blocks].join("\n");
}

/** One row for each experiment. */
export const drawbackTable = (drawbacks: readonly Drawback[]): string =>
	table([
		["EXPERIMENT", "AS EXPECTED", "WHAT IT SHOWS", "MEASURED AT"],
		...drawbacks.map(({ name, title, checkedAt, measurements }) => [
			name,
			`${measurements.filter(({ ok }) => ok).length} of ${measurements.length}`,
			title,
			checkedAt,
		]),
	]);
