/** npm run doctor: says what would keep the lab from working. With --brief, as the first step of npm start, only that. */
import { command } from "../lib/command.ts";
import { parseArguments } from "./arguments.ts";
import { findings } from "./doctor/findings.ts";
import { findingsText } from "./doctor/findingsText.ts";
import { stack } from "./stack/stack.ts";

await command(async () => {
	const { values } = parseArguments("npm run doctor [-- --brief]", {
		options: { brief: { type: "boolean", default: false } },
	});
	const { brief } = values;
	const all = await findings(stack);
	// Before another command's output, on stderr: that can be piped.
	const stream = brief ? process.stderr : process.stdout;
	const color = stream.isTTY && stream.hasColors();
	stream.write(`${findingsText(brief ? all.filter(({ level }) => level !== "ok") : all, { color })}\n`);
	return all.some(({ level }) => level === "stop") ? 1 : 0;
});
