/** npm run report: the last verification as a page to look at, as Markdown and as JUnit's XML. */
import { command } from "../lib/command.ts";
import { writeForms } from "../report/reportFiles.ts";
import { parseArguments } from "./arguments.ts";
import { knownReport } from "./stack/lab.ts";
import { removeLeftovers } from "./stack/leftovers.ts";

await command(async () => {
	parseArguments("npm run report", {});
	await removeLeftovers();
	const { html, markdown, junit } = await writeForms(await knownReport(), (line) => console.error(line));
	console.log([html, markdown, junit].join("\n"));
	return 0;
});
