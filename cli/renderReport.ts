/** npm run report: writes the last verification as HTML, Markdown and JUnit XML. */
import { command } from "../lib/programs/command.ts";
import { writeReportFiles } from "../report/reportFiles.ts";
import { parseArguments } from "./arguments.ts";
import { knownReport } from "./stack/stackReport.ts";
import { removeLeftovers } from "./update/staleFiles.ts";

await command(async () => {
	parseArguments("npm run report", {});
	await removeLeftovers();
	const { html, markdown, junit } = await writeReportFiles(await knownReport(), (line) => console.error(line));
	console.log([html, markdown, junit].join("\n"));
	return 0;
});
