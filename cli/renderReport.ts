/** npm run report: writes the last verification as HTML, Markdown and JUnit XML. */
import { command } from "../lib/programs/command.ts";
import { answerText } from "../report/answer/answerText.ts";
import { writeReportFiles } from "../report/reportFiles.ts";
import { parseArguments } from "./arguments.ts";
import { screenOf } from "./display/screenOf.ts";
import { knownReport } from "./stack/stackReport.ts";
import { removeLeftovers } from "./update/staleFiles.ts";

await command(async () => {
	parseArguments("npm run report", {});
	await removeLeftovers();
	const report = await knownReport();
	const { html, markdown, junit } = await writeReportFiles(report);
	console.log([html, markdown, junit, answerText(report, screenOf())].join("\n"));
	return 0;
});
