/** The paths of failed requests for a terminal. */
import type { Report } from "../../verification/report.ts";
import { failedJourneys } from "../journeyText.ts";
import { fill } from "../screen/fill.ts";
import { usualFamily } from "../views/reportViews.ts";
import { explainCommand, type StepsOptions, stepsText } from "./stepsText.ts";

/** How many failed requests the terminal explains: their paths are long. */
const mostShown = 3;

/** The first paths, and how to see the others; "" if there are none. */
export function failedPaths(report: Report, options: StepsOptions): string {
	const count = report.findings.filter(({ kind }) => kind === "request").length;
	const shown = failedJourneys(report).slice(0, mostShown);
	const others = count - shown.length;
	const more = `For the paths of ${others} more, run \`npm run explain\` or open the report.`;
	return [
		...shown.map(({ name, journey }) => {
			const more = [...explainCommand(journey, usualFamily(report)), "--verbose"];
			return `${fill(name, options.width).join("\n")}\n${stepsText(journey, { ...options, more })}`;
		}),
		...(others > 0 ? [fill(more, options.width).join("\n")] : []),
	].join("\n\n");
}
