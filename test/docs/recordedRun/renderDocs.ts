/** Renders the README's pictures and excerpts from the recorded run. */
import { readFile, writeFile } from "node:fs/promises";
import { htmlReport } from "../../../report/html/page.ts";
import { excerptsOf, fillIn } from "./excerpts.ts";
import { startOutput } from "./outputs.ts";
import type { RecordedRun } from "./recordedRun.ts";
import { pageHash, takeScreenshot } from "./screenshot.ts";
import { terminalPicture } from "./terminalPicture.ts";

export const documents = ["README.md", "docs/lesson.md"];

export const pictures = {
	terminal: "docs/terminal.svg",
	page: "docs/report.png",
	/** The hash of the page that the screenshot shows. */
	hash: "test/fixtures/recordedRun/page.sha256",
};

export const terminalSvg = (run: RecordedRun): string => terminalPicture("npm start", startOutput(run, true));

/** @returns the files that it wrote */
export async function renderAll(run: RecordedRun): Promise<string[]> {
	const excerpts = excerptsOf(run);
	for (const file of documents) await writeFile(file, fillIn(await readFile(file, "utf8"), excerpts));
	await writeFile(pictures.terminal, terminalSvg(run));
	const html = await htmlReport(run.report);
	await takeScreenshot(html, pictures.page);
	await writeFile(pictures.hash, `${pageHash(html)}\n`);
	return [...documents, ...Object.values(pictures)];
}
