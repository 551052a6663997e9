import { join } from "node:path";
import { withLock } from "../../lib/lock.ts";
import { reportProblemText } from "../../report/noticeText.ts";
import { isRoutine, progressText } from "../../report/progressText.ts";
import { writeReportFiles } from "../../report/reportFiles.ts";
import { evidenceTexts, terminalReport } from "../../report/terminal.ts";
import { verifyWithEvidence } from "../../verification/evidence/verifyWithEvidence.ts";
import type { Say } from "../../verification/progress.ts";
import type { Report } from "../../verification/report.ts";
import { loadReport, readReport, stackOf } from "../../verification/resultFile.ts";
import { screenOf } from "../display/screenOf.ts";
import type { Status } from "../display/showWork.ts";
import { reportPath, stackName } from "./stack.ts";

/** Runs a command that changes the stack. A second one in this project folder waits, and prints for which process. */
export const exclusively = <T>(work: () => Promise<T>): Promise<T> =>
	withLock(
		{
			file: join(".state", stackName),
			onWait: (holder) =>
				console.error(
					`waiting for ${holder}, which holds the lock of the stack ${stackName} (a killed holder is detected soon)`,
				),
			onLost: (why) => {
				console.error(
					`error: lost the lock of the stack ${stackName} (${why}), perhaps because the machine slept; fix: run the same command again`,
				);
				process.kill(process.pid, "SIGTERM");
			},
		},
		work,
	);

/** The report of the stack's last verification; undefined if it doesn't exist, or if another stack's has replaced it. */
export async function lastReport(): Promise<Report | undefined> {
	const report = await readReport(reportPath);
	return report && stackOf(report.request) === stackName ? report : undefined;
}

/** @throws if there is no report of this stack */
export async function knownReport(): Promise<Report> {
	const loaded = await loadReport(reportPath);
	if ("problem" in loaded) throw new Error(reportProblemText(loaded.problem));
	const { report } = loaded;
	const owner = stackOf(report.request);
	if (owner === stackName) return report;
	throw new Error(
		`${reportPath} belongs to ${owner === undefined ? "an unknown stack" : `the stack "${owner}"`}, not to "${stackName}"; fix: npm start`,
	);
}

/** Repeats the last verification against the cluster as it is now. */
export async function verifyAgain(status: Status, known?: Report): Promise<Report> {
	const { request } = known ?? (await knownReport());
	return verifyWithEvidence(request, sayTo(status), evidenceTexts);
}

/** What happens in every verification is a status; the rest is printed. */
export const sayTo =
	(status: Status): Say =>
	(progress) =>
		isRoutine(progress) ? status(progressText(progress)) : console.error(progressText(progress));

/** Writes the report as HTML, Markdown and JUnit XML, and prints it. */
export async function show(report: Report, options: { verbose: boolean }): Promise<void> {
	await writeForms(report);
	console.log(terminalReport(report, screenOf(options)));
}

/** Writes the report as HTML, Markdown and JUnit XML. A failure doesn't change the verification's result. */
export async function writeForms(report: Report): Promise<void> {
	try {
		await writeReportFiles(report);
	} catch (error) {
		console.error(
			`the report can't be written as HTML, Markdown and JUnit XML: ${(error as Error).message}; fix: npm run report`,
		);
	}
}
