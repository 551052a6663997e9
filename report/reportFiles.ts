/** Writes the report as HTML, Markdown and JUnit XML, next to the JSON file. */
import { dirname, join } from "node:path";
import { writeAtomically } from "../lib/atomicFile.ts";
import type { Report } from "../verification/report.ts";
import { junitReport } from "./junit.ts";
import { markdownReport } from "./markdown.ts";

export interface ReportFiles {
	html: string;
	markdown: string;
	junit: string;
}

/** More pictures than this take over two seconds. */
const manyPictures = 60;

/** @returns the files' paths */
export async function writeReportFiles(report: Report, say: (line: string) => void): Promise<ReportFiles> {
	const path = (name: string) => join(dirname(report.request.report), name);
	const files = { html: path("report.html"), markdown: path("report.md"), junit: path("junit.xml") };
	const { length } = report.journeys.requests;
	if (length > manyPictures) say(`drawing the paths of ${length} packets`);
	// Loads the large layout library only now.
	const { htmlReport } = await import("./html/page.ts");
	await writeAtomically(files.html, await htmlReport(report));
	await writeAtomically(files.markdown, markdownReport(report));
	await writeAtomically(files.junit, junitReport(report));
	return files;
}
