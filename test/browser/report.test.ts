/** The report's page in a real Chromium. */
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { htmlReport } from "../../report/html/page.ts";
import type { Report } from "../../verification/report.ts";
import { failedReport, fullReport } from "../unit/report/full.ts";
import { temporaryFolder } from "../unit/temporary.ts";
import { chromium } from "./chromium.ts";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
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

interface Window {
	width: number;
	colorScheme: "light" | "dark";
}

interface Opened {
	page: Page;
	/** What the page complained of, and what it wanted of elsewhere. */
	complaints: string[];
}

async function open(report: Report, { width, colorScheme }: Window = wide, part = ""): Promise<Opened> {
	const file = join(folder.path, "report.html");
	await writeFile(file, await pageOf(report));
	const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
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

const wide: Window = { width: 1200, colorScheme: "light" };
const windows: Window[] = [
	wide,
	{ width: 1200, colorScheme: "dark" },
	{ width: 360, colorScheme: "light" },
	{ width: 360, colorScheme: "dark" },
];

const report = fullReport();
const failed = failedReport();
const indexOf = (client: string, node: string): number =>
	report.connectivity.findIndex((cell) => cell.client === client && cell.target.node === node);

/** What is shown of a path: the picture that is visible, the words, the rules marked, the cells that are pressed. */
async function shown({ page }: Opened) {
	const pressed = await page
		.locator('button[aria-pressed="true"]')
		.evaluateAll((buttons) => buttons.map((button) => Number(button.dataset.cell)));
	return {
		picture: await page.locator("#picture svg:visible").getAttribute("aria-label"),
		words: await page.locator("#words").innerText(),
		hits: await page.locator("details.rules[open] li.hit").count(),
		lists: [await page.locator("#client").inputValue(), await page.locator("#target").inputValue()],
		pressed,
	};
}

describe.each(windows)("in a window $width wide, $colorScheme", (window) => {
	it("renders without errors or requests, and nothing is cut off or overlaps", async () => {
		const { page, complaints } = await open(report, window);
		expect(complaints).toEqual([]);
		expect(await page.title()).toBe("NodePort 30040 of default/nodeport-service: verified");
		expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(window.width);
		expect(await page.evaluate(textOutside)).toEqual([]);
		await page.close();
	});

	it("has no accessibility violation that axe finds", async () => {
		for (const one of [report, failed]) {
			const { page } = await open(one, window);
			await page.evaluate(axe);
			const { violations } = (await page.evaluate("axe.run()")) as {
				violations: { id: string; nodes: { html: string }[] }[];
			};
			expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
			await page.close();
		}
	});
});

/** Words of the visible picture that reach out of their box, or of the picture. */
const textOutside = `(() => {
	const svg = [...document.querySelectorAll("#picture svg")].find((svg) => svg.getClientRects().length > 0);
	const boxes = [...svg.querySelectorAll("rect")];
	const words = [...svg.querySelectorAll("g:not(.arrow)")].flatMap((group, i) => [...group.children].map((text) => [text, boxes[i]]));
	const labels = [...svg.querySelectorAll(".arrow text")].map((text) => [text, svg]);
	return [...words, ...labels].flatMap(([text, around]) => {
		const [inner, outer] = [text.getBoundingClientRect(), around.getBoundingClientRect()];
		return inner.left >= outer.left && inner.right <= outer.right && inner.bottom <= outer.bottom ? [] : text.textContent;
	});
})()`;

describe("choosing", () => {
	const from = indexOf("outside", "nodeport-worker2");
	const expected = {
		picture: expect.stringMatching(
			/from outside to \S+: over nodeport-worker2, nodeport-worker\. Pod app1-\S+ .* answers/,
		),
		words: expect.stringContaining("On nodeport-worker2 the packet for"),
		hits: expect.toSatisfy((count: number) => count >= 5),
		lists: ["outside", expect.stringMatching(/^nodeport-worker2 \(/)],
		pressed: [from, from, from],
	};

	it("a click on a cell shows its path", async () => {
		const opened = await open(report);
		expect(await shown(opened)).not.toEqual(expected);
		await opened.page.locator(`[data-cell="${from}"]`).first().click();
		expect(await shown(opened)).toEqual(expected);
		expect(opened.complaints).toEqual([]);
		await opened.page.close();
	});

	it("Tab and Enter do the same, and the focus is visible", async () => {
		const opened = await open(report);
		const { page } = opened;
		const focused = () => page.evaluate("document.activeElement.dataset.cell");
		for (let i = 0; i < 100 && (await focused()) !== String(from); i++) await page.keyboard.press("Tab");
		expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
		await page.keyboard.press("Enter");
		expect(await shown(opened)).toEqual(expected);
		await page.close();
	});

	it("the lists do the same", async () => {
		const opened = await open(report);
		const { page } = opened;
		await page.locator("#client").selectOption("outside");
		await page.locator("#target").selectOption({ index: 2 });
		expect(await shown(opened)).toEqual(expected);
		await page.close();
	});

	it("a link to it does the same", async () => {
		const opened = await open(report, wide, `#cell-${from}`);
		expect(await shown(opened)).toEqual(expected);
		await opened.page.close();
	});

	it("every cell shows its own path", async () => {
		const { page, complaints } = await open(report);
		for (const [i, { client, target }] of report.connectivity.entries()) {
			await page.locator(`[data-cell="${i}"]`).last().click();
			const label = await page.locator("#picture svg:visible").getAttribute("aria-label");
			expect(label).toContain(`from ${client} to ${target.address}: over `);
			expect(await page.evaluate(textOutside)).toEqual([]);
		}
		expect(complaints).toEqual([]);
		await page.close();
	});
});

it("foreign text isn't executed, and the first failure is shown and selected", async () => {
	const opened = await open(failed);
	const { page, complaints } = opened;
	expect(complaints).toEqual([]);
	expect(await page.locator("img").count()).toBe(0);
	expect((await shown(opened)).pressed).toEqual([0, 0, 0]);
	expect(await page.locator("header [aria-label=Findings] li").allInnerTexts()).toEqual([
		expect.stringContaining("observed timeout, <img src=x onerror=alert(1)>"),
		expect.stringContaining(": 0 of 1 pods are ready"),
	]);
	await page.close();
});
