/** npm run doctor: reports what would keep the lab from working. With --brief, only problems: the first step of npm start. */
import { command } from "../lib/command.ts";
import { parseArguments } from "./arguments.ts";
import { findings } from "./doctor/findings.ts";
import { findingsText } from "./doctor/findingsText.ts";
import { removeLeftovers } from "./stack/leftovers.ts";
import { stack } from "./stack/stack.ts";

await command(async () => {
	const { values } = parseArguments("npm run doctor [-- --brief]", {
		options: { brief: { type: "boolean", default: false } },
	});
	const { brief } = values;
	await removeLeftovers();
	const all = await findings(stack);
	// On stderr if a command follows, whose output can then be piped.
	const stream = brief ? process.stderr : process.stdout;
	const color = stream.isTTY && stream.hasColors();
	stream.write(`${findingsText(brief ? all.filter(({ level }) => level !== "ok") : all, { color })}\n`);
	return all.some(({ level }) => level === "stop") ? 1 : 0;
});
