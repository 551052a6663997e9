/** npm run verify: repeats the verification without an update. */
import { command } from "../lib/programs/command.ts";
import { parseArguments } from "./arguments.ts";
import { show, verifyAgain } from "./stack/stackReport.ts";
import { removeLeftovers } from "./update/staleFiles.ts";

await command(async () => {
	parseArguments("npm run verify", {});
	await removeLeftovers();
	const report = await verifyAgain();
	await show(report);
	return report.ok ? 0 : 1;
});
