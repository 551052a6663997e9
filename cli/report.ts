/** npm run report: the last verification as a page to look at, as Markdown and as JUnit's XML. */
import { command } from "../cluster/command.ts";
import { writeForms } from "../verification/report/forms.ts";
import { parseArguments } from "./arguments.ts";
import { knownReport } from "./lab.ts";

await command(async () => {
	parseArguments("npm run report", {});
	const { html, markdown, junit } = await writeForms(await knownReport(), (line) => console.error(line));
	console.log([html, markdown, junit].join("\n"));
	return 0;
});
