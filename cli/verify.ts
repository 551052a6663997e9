/** npm run verify: repeats the verification without an update. */
import { command } from "../lib/programs/command.ts";
import { parseArguments, verbosity, verbosityHelp } from "./arguments.ts";
import { showWork } from "./display/showWork.ts";
import { knownReport, show, verifyAgain } from "./stack/stackReport.ts";
import { removeLeftovers } from "./update/staleFiles.ts";

await command(async () => {
	const { values } = parseArguments("npm run verify [-- --verbose]", { options: verbosity }, [verbosityHelp]);
	await removeLeftovers();
	const known = await knownReport();
	const report = await showWork("verifying the lab", values, (status) => verifyAgain(status, known));
	await show(report, values);
	return report.ok ? 0 : 1;
});
