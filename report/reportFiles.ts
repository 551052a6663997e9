/** The report in forms for other readers, beside it: a page, Markdown, JUnit's XML. */
import { dirname, join } from "node:path";
import type { Report } from "../verification/report.ts";
import { writeWhole } from "../verification/resultFile.ts";
import { junitReport } from "./junit.ts";
import { markdownReport } from "./markdown.ts";

export interface Forms {
	html: string;
	markdown: string;
	junit: string;
}

/** So many pictures take more than two seconds. */
const manyCells = 60;

/** @returns the paths of the files */
export async function writeForms(report: Report, say: (line: string) => void): Promise<Forms> {
	const path = (name: string) => join(dirname(report.request.report), name);
	const forms = { html: path("report.html"), markdown: path("report.md"), junit: path("junit.xml") };
	const { length } = report.ways.cells;
	if (length > manyCells) say(`drawing the paths of ${length} packets`);
	// The layout library is large: loaded only where something is drawn.
	const { htmlReport } = await import("./html/page.ts");
	await writeWhole(forms.html, await htmlReport(report));
	await writeWhole(forms.markdown, markdownReport(report));
	await writeWhole(forms.junit, junitReport(report));
	return forms;
}
