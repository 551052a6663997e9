/**
 * Verifies a NodePort Service: request (JSON) on stdin, progress on stderr, full report on disk, summary (JSON) on
 * stdout. Ends with 1 where something is not as it must be, after the report is on disk; stdout is then empty.
 */
import { text } from "node:stream/consumers";
import { command } from "../cluster/command.ts";
import { parseRequest } from "../cluster/request.ts";
import { differencePaths } from "./report/matrix.ts";
import { writeReport } from "./report/stored.ts";
import { summarize } from "./report/summary.ts";
import { Request } from "./request.ts";
import { verify } from "./verify.ts";

await command(async () => {
	const request = parseRequest(Request, await text(process.stdin));
	const report = await verify(request, (line) => console.error(line));
	await writeReport(report);
	if (report.ok) {
		process.stdout.write(JSON.stringify(summarize(report)));
		return 0;
	}
	const count = report.failures.length;
	console.error(`verification failed, ${count} ${count === 1 ? "finding" : "findings"} (report: ${request.report}):`);
	for (const failure of report.failures) console.error(`  ${failure}`);
	if (report.differences.length > 0) console.error(differencePaths(report.differences));
	return 1;
});
