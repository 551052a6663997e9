/** Writes the report as HTML, Markdown and JUnit XML, next to the JSON file. */
import { dirname, join } from "node:path";
import { writeAtomically } from "../lib/atomicFile.ts";
import type { Report } from "../verification/report.ts";
import { htmlReport } from "./html/page.ts";
import { junitReport } from "./junit.ts";
import { markdownReport } from "./markdown.ts";

export interface ReportFiles {
	html: string;
	markdown: string;
	junit: string;
}

/** @returns the files' paths */
export async function writeReportFiles(report: Report): Promise<ReportFiles> {
	const path = (name: string) => join(dirname(report.request.report), name);
	const files = { html: path("report.html"), markdown: path("report.md"), junit: path("junit.xml") };
	await writeAtomically(files.html, await htmlReport(report));
	await writeAtomically(files.markdown, markdownReport(report));
	await writeAtomically(files.junit, junitReport(report));
	return files;
}
