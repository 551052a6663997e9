/** Opens a report's page in Chromium. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { htmlReport } from "../../report/html/page.ts";
import type { Report } from "../../verification/report.ts";
import { failedReport, fullReport } from "../unit/report/full.ts";
import { severalViews } from "../unit/report/views/severalViews.ts";
import { temporaryFolder } from "../unit/temporary.ts";
import { chromium } from "./chromium.ts";

const folder = temporaryFolder();
let browser: Browser;

beforeAll(async () => {
	const executablePath = await chromium();
	// Root may not use Chromium's own sandbox; what it shows here is this project's.
	browser = await playwright.launch({ executablePath, args: ["--no-sandbox"] });
});
afterAll(() => browser?.close());

const pages = new Map<Report, Promise<string>>();

/** Each report's page, made once. */
function pageOf(report: Report): Promise<string> {
	const page = pages.get(report) ?? htmlReport(report);
	pages.set(report, page);
	return page;
}

export interface Window {
	width: number;
	colorScheme: "light" | "dark";
	reducedMotion?: "reduce";
}

export interface Opened {
	page: Page;
	/** What the page logs as a fault, and what it requests from elsewhere. */
	complaints: string[];
}

export async function open(report: Report, { width, ...look }: Window = wide, part = ""): Promise<Opened> {
	const file = join(folder.path, "report.html");
	await writeFile(file, await pageOf(report));
	const page = await browser.newPage({ viewport: { width, height: 900 }, ...look });
	const url = pathToFileURL(file).href;
	const complaints: string[] = [];
	page.on("console", (message) => complaints.push(message.text()));
	page.on("pageerror", ({ message }) => complaints.push(message));
	page.on("dialog", (dialog) => complaints.push(dialog.message()));
	page.on("request", (request) => {
		if (request.url() !== url + part && !request.url().startsWith("data:")) complaints.push(request.url());
	});
	await page.goto(url + part);
	return { page, complaints };
}

export const wide: Window = { width: 1200, colorScheme: "light" };

export const report = fullReport();
export const failed = failedReport();
/** With both address families and both protocols. */
export const dual = severalViews();
export const indexOf = (client: string, node: string): number =>
	report.connectivity.findIndex((cell) => cell.client === client && cell.target.node === node);
