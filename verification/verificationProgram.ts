/**
 * Verifies a NodePort Service: request (JSON) on stdin, progress on stderr, full report on disk, summary (JSON) on
 * stdout. Ends with 1 where something is not as it must be, after the report is on disk; stdout is then empty.
 */
import { text } from "node:stream/consumers";
import { command } from "../lib/command.ts";
import { parseRequest } from "../lib/stdinRequest.ts";
import { differencePaths } from "../report/matrixText.ts";
import { summarize } from "../report/summary.ts";
import { verifyWithEvidence } from "./evidence/verifyWithEvidence.ts";
import { Request } from "./request.ts";

await command(async () => {
	const request = parseRequest(Request, await text(process.stdin));
	const report = await verifyWithEvidence(request, (line) => console.error(line));
	if (report.ok) {
		process.stdout.write(JSON.stringify(summarize(report)));
		return 0;
	}
	const count = report.failures.length;
	const kept = [
		`report: ${request.report}`,
		...(report.evidence === undefined ? [] : [`evidence: ${report.evidence}`]),
	];
	console.error(`verification failed, ${count} ${count === 1 ? "finding" : "findings"} (${kept.join(", ")}):`);
	for (const failure of report.failures) console.error(`  ${failure}`);
	if (report.differences.length > 0) console.error(differencePaths(report.differences));
	return 1;
});
