/**
 * Makes the README's pictures from the last verification of the lab: `npm run docs`, after `npm start` with connectivity
 * "full". The packet that the README follows is the one in docs/report.png: adapt its addresses by hand.
 */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium as playwright } from "playwright-core";
import { command } from "../../lib/programs/command.ts";
import { stepsText } from "../../report/path/stepsText.ts";
import { terminalReport } from "../../report/terminal.ts";
import { Report } from "../../verification/report.ts";
import { chromium } from "../browser/chromium.ts";

/** In pixels. */
const line = { width: 7.85, height: 18, margin: 16 };

/** In characters. */
const columns = 100;

await command(async () => {
	const report = Report.parse(JSON.parse(await readFile("out/verification.json", "utf8")));
	if (!report.ok || !report.traces) throw new Error('the last verification failed, or connectivity isn\'t "full"');
	await writeFile("docs/terminal.svg", terminalPicture(report));
	const browser = await playwright.launch({ executablePath: await chromium(), args: ["--no-sandbox"] });
	try {
		const page = await browser.newPage({ viewport: { width: 1200, height: 1180 } });
		await page.goto(pathToFileURL(resolve("out/report.html")).href);
		await page.screenshot({ path: "docs/report.png" });
	} finally {
		await browser.close();
	}
	console.log("made docs/terminal.svg and docs/report.png");
	return 0;
});

/** What a repeated `npm start` prints, and the path that its line "why" leads to. */
function terminalPicture(report: Report): string {
	const { explained } = report;
	if (!explained) throw new Error("the last verification explains no path");
	const shown = [
		"$ npm start",
		"bringing up the lab (stack dev)",
		...terminalReport(report, { color: true, width: columns }).split("\n"),
		"",
		`$ npm run explain -- --from ${explained.client} --to ${explained.node}`,
		...stepsText(explained, { rules: false, width: columns }).split("\n"),
	];
	const height = shown.length * line.height + 2 * line.margin;
	const width = Math.ceil(Math.max(...shown.map((one) => plain(one).length)) * line.width) + 2 * line.margin;
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="npm start and npm run explain in a terminal" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
		'<style>rect{fill:#14171c}text{fill:#d5dae2;font:13px ui-monospace,"DejaVu Sans Mono",Consolas,monospace;white-space:pre}.b{font-weight:700;fill:#fff}.g{fill:#86d9a0}.r{fill:#ff9aa2}.d{fill:#9aa3b2}</style>',
		'<rect width="100%" height="100%" rx="8"/>',
		...shown.map((one, i) => {
			const y = line.margin + (i + 1) * line.height - 4;
			return `<text x="${line.margin}" y="${y}" xml:space="preserve">${spans(one)}</text>`;
		}),
		"</svg>\n",
	].join("\n");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's codes begin with one
const codes = /\u001b\[(\d+)m/;

const plain = (text: string): string =>
	text
		.split(codes)
		.filter((_, i) => i % 2 === 0)
		.join("");

const classes: Record<string, string> = { "1": "b", "2": "d", "31": "r", "32": "g" };

/** Terminal codes as classes. */
const spans = (text: string): string =>
	text
		.split(codes)
		.map((part, i, parts) => {
			if (i % 2 === 1) return "";
			const name = classes[parts[i - 1] ?? ""];
			return name && part !== "" ? `<tspan class="${name}">${escaped(part)}</tspan>` : escaped(part);
		})
		.join("");

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
