/**
 * npm run docs: records a run of the running lab, and renders the README's pictures and excerpts from it.
 * npm run docs -- --render: only renders, from the run that is recorded. It needs no lab.
 */
import { command } from "../../../lib/programs/command.ts";
import { recordRun } from "./record.ts";
import { readRun, writeRun } from "./recordedRun.ts";
import { renderAll } from "./renderDocs.ts";

await command(async () => {
	const [option, ...others] = process.argv.slice(2);
	if ((option !== undefined && option !== "--render") || others.length > 0) {
		throw new Error(`${process.argv.slice(2).join(" ")} isn't an option; usage: npm run docs [-- --render]`);
	}
	if (option === undefined) await writeRun(await recordRun((line) => console.error(line)));
	const files = await renderAll(await readRun());
	console.log(`wrote ${files.join(", ")}`);
	return 0;
});
