/** npm run doctor: reports what would keep the lab from working. With --brief, only what the user must act on: the first step of npm start. */
import { existsSync } from "node:fs";
import { command } from "../lib/programs/command.ts";
import { parseArguments } from "./arguments.ts";
import { screenOf } from "./display/screenOf.ts";
import { findingsText, brief as onlyBrief } from "./doctor/findingsText.ts";
import { runChecks } from "./doctor/runChecks.ts";
import { reportPath, stack } from "./stack/stack.ts";
import { removeLeftovers } from "./update/staleFiles.ts";

await command(async () => {
	const { values } = parseArguments("npm run doctor [-- --brief]", {
		options: { brief: { type: "boolean", default: false } },
	});
	const { brief } = values;
	await removeLeftovers();
	const all = await runChecks(stack);
	const shown = brief ? onlyBrief(all, { isFirst: !existsSync(reportPath) }) : all;
	// On stderr if a command follows, whose output can then be piped.
	const stream = brief ? process.stderr : process.stdout;
	if (!brief || shown.length > 0) stream.write(`${findingsText(shown, screenOf({}, stream))}\n`);
	return all.some(({ level }) => level === "stop") ? 1 : 0;
});
