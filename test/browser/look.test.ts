/** How the report's page looks in a real Chromium, in windows of several widths and on paper. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { Report } from "../../verification/report.ts";
import { severalViews } from "../unit/report/views/severalViews.ts";
import { chooserFaults, faintText, overlaps } from "./lookFaults.ts";
import { dual, failed, open, report, type Window, wide } from "./openReport.ts";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const windows: Window[] = [
	wide,
	{ width: 1200, colorScheme: "dark" },
	{ width: 1000, colorScheme: "light" },
	{ width: 800, colorScheme: "light" },
	{ width: 480, colorScheme: "light" },
	{ width: 480, colorScheme: "dark" },
	{ width: 360, colorScheme: "light" },
];

const reports: [string, Report][] = [
	["a verified lab", report],
	["a failed lab", failed],
	["several families and protocols", dual],
];

describe.each(windows)("in a window $width wide, $colorScheme", (window) => {
	it("renders without errors or requests, and nothing is cut off or overlaps", async () => {
		const { page, complaints } = await open(report, window);
		expect(complaints).toEqual([]);
		expect(await page.title()).toBe("NodePort 30040 of default/nodeport-service: verified");
		expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(window.width);
		expect(await page.evaluate(overlaps)).toEqual([]);
		await page.close();
	});

	it.each(reports)("has text with a contrast of at least 4.5 to 1: %s", async (_, one) => {
		const { page } = await open(one, window);
		await page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true");
		expect(await page.evaluate(faintText)).toEqual([]);
		await page.close();
	});

	it.each(reports)("has no accessibility violation that axe finds: %s", async (_, one) => {
		const { page } = await open(one, window);
		await page.evaluate(axe);
		const { violations } = (await page.evaluate("axe.run()")) as {
			violations: { id: string; nodes: { html: string }[] }[];
		};
		expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
		await page.close();
	});
});

it.each([1200, 480, 360])("the choice of family and protocol isn't cut off in a window %i wide", async (width) => {
	const failing = severalViews(undefined, failed);
	for (const one of [dual, failing]) {
		const { page } = await open(one, { width, colorScheme: "light" });
		await page.getByRole("radio", { name: "UDP over IPv6" }).check();
		expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
		expect(await page.evaluate(overlaps)).toEqual([]);
		expect(await page.evaluate(chooserFaults)).toEqual([]);
		await page.close();
	}
});

it.each([1000, 800, 360])("long names and IPv6 addresses are wrapped in a window %i wide", async (width) => {
	const names = JSON.stringify(report)
		.replaceAll("nodeport-control-plane", "ip-10-0-12-34.eu-central-1.compute.internal")
		.replaceAll(/(172\.18\.0|10\.244\.\d)\.(\d):(?=\d)/g, "[fd00:10:244:2:abcd:ef01::$2]:")
		.replaceAll(/(172\.18\.0|10\.244\.\d)\.(\d)\b/g, "fd00:10:244:2:abcd:ef01::$2");
	const { page } = await open(Report.parse(JSON.parse(names)), { width, colorScheme: "light" });
	expect(await page.locator("#picture").innerText()).toContain("[fd00:10:244:2:abcd:ef01::4]:30040");
	expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
	expect(await page.evaluate(overlaps)).toEqual([]);
	await page.close();
});

it("on paper, all steps are there, but no controls", async () => {
	const { page } = await open(report, { width: 717, colorScheme: "light" });
	await page.getByRole("button", { name: "Next step", exact: true }).click();
	await page.emulateMedia({ media: "print" });
	expect(await page.locator("#picture li:visible").count()).toBe(14);
	expect(await page.locator("form:visible, .controls:visible").count()).toBe(0);
	expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(717);
	expect(await page.evaluate(overlaps)).toEqual([]);
	await page.close();
});

it("on paper, the matrix is named and can't be chosen", async () => {
	const { page } = await open(dual, { width: 717, colorScheme: "light" });
	await page.getByRole("radio", { name: "TCP over IPv6" }).check();
	await page.emulateMedia({ media: "print" });
	expect(await page.locator(".views:visible").count()).toBe(0);
	expect(await page.locator("[data-view]:visible h3").allInnerTexts()).toEqual(["TCP over IPv6", "TCP over IPv6"]);
	expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(717);
	await page.close();
});
