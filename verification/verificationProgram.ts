/**
 * Verifies a NodePort Service. Reads the request (JSON) from stdin, writes progress to stderr, the full report to disk,
 * and the summary (JSON) to stdout. With findings it writes nothing to stdout, and exits with 1.
 */
import { text } from "node:stream/consumers";
import { command } from "../lib/programs/command.ts";
import { parseRequest } from "../lib/programs/stdinRequest.ts";
import { findingTexts } from "../report/findingText.ts";
import { failedPaths } from "../report/path/failedPaths.ts";
import { progressText } from "../report/progressText.ts";
import { summarize } from "../report/summary.ts";
import { evidenceTexts } from "../report/terminal.ts";
import { verifyWithEvidence } from "./evidence/verifyWithEvidence.ts";
import { Request } from "./request.ts";

await command(async () => {
	const request = parseRequest(Request, await text(process.stdin));
	const report = await verifyWithEvidence(request, (progress) => console.error(progressText(progress)), evidenceTexts);
	if (report.ok) {
		process.stdout.write(JSON.stringify(summarize(report)));
		return 0;
	}
	const { findings, evidence } = report;
	const count = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
	const files = [`report: ${request.report}`, ...(evidence === undefined ? [] : [`evidence: ${evidence}`])];
	console.error(`verification failed, ${count} (${files.join(", ")}):`);
	for (const text of findingTexts(report)) console.error(`  ${text}`);
	const paths = failedPaths(report, { rules: false, width: Number.POSITIVE_INFINITY });
	if (paths !== "") console.error(paths);
	return 1;
});
