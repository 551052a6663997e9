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
	reducedMotion?: "reduce";
}

interface Opened {
	page: Page;
	/** What the page complained of, and what it wanted of elsewhere. */
	complaints: string[];
}

async function open(report: Report, { width, ...look }: Window = wide, part = ""): Promise<Opened> {
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

const wide: Window = { width: 1200, colorScheme: "light" };
const windows: Window[] = [
	wide,
	{ width: 1200, colorScheme: "dark" },
	{ width: 480, colorScheme: "light" },
	{ width: 480, colorScheme: "dark" },
	{ width: 360, colorScheme: "light" },
];

const report = fullReport();
const failed = failedReport();
const indexOf = (client: string, node: string): number =>
	report.connectivity.findIndex((cell) => cell.client === client && cell.target.node === node);

/** What is shown of a path: the picture, the words, the rules marked, the cells that are pressed. */
async function shown({ page }: Opened) {
	const pressed = await page
		.locator('button[aria-pressed="true"]')
		.evaluateAll((buttons) => buttons.map((button) => Number(button.dataset.cell)));
	return {
		picture: await page.locator("#picture ol").getAttribute("aria-label"),
		words: await page.locator("#words").innerText(),
		hits: await page.locator("details.rules li.hit").count(),
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
		expect(await page.evaluate(overlaps)).toEqual([]);
		await page.close();
	});

	it("has text with a contrast of at least 4.5 to 1", async () => {
		for (const one of [report, failed]) {
			const { page } = await open(one, window);
			await page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true");
			expect(await page.evaluate(faintText)).toEqual([]);
			await page.close();
		}
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

/** Texts of the picture that are cut off, or that lie on another text or on an arrow's head. */
const overlaps = `(() => {
	const solid = [...document.querySelectorAll("#picture :is(.head, .what, .where)")].filter((part) => part.getClientRects().length > 0);
	const boxes = solid.map((part) => [part, part.getBoundingClientRect()]);
	const near = document.getElementById("picture").getBoundingClientRect();
	const cut = boxes.filter(([part, box]) => part.scrollWidth > part.clientWidth + 1 || box.left < near.left - 1 || box.right > near.right + 1);
	const pairs = boxes.flatMap(([part, box], i) => boxes.slice(i + 1).flatMap(([other, its]) =>
		box.left < its.right - 1 && its.left < box.right - 1 && box.top < its.bottom - 1 && its.top < box.bottom - 1
			? part.textContent + " / " + other.textContent : []));
	return [...cut.map(([part]) => part.textContent), ...pairs];
})()`;

/** Texts whose contrast is below 4.5, by the formula of WCAG 2 (relative luminance), with the contrast. */
const faintText = `(() => {
	const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = (color) => {
		paint.clearRect(0, 0, 1, 1);
		paint.fillStyle = color;
		paint.fillRect(0, 0, 1, 1);
		return [...paint.getImageData(0, 0, 1, 1).data];
	};
	const luminance = (color) => {
		const [r, g, b] = color.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (element) => {
		for (let at = element; at; at = at.parentElement) {
			const color = rgba(getComputedStyle(at).backgroundColor);
			if (color[3] === 255) return color;
		}
		// Bands and the page lie behind the picture without containing it: the less favorable one counts.
		throw new Error("the page has no background");
	};
	const raised = rgba(getComputedStyle(document.querySelector(".card:not(.open)")).backgroundColor);
	const contrast = (one, other) => {
		const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
		return (light + 0.05) / (dark + 0.05);
	};
	const texts = [...document.querySelectorAll("body *")].filter((element) =>
		element.getClientRects().length > 0 && !element.closest("select, :disabled, .unseen, script") &&
		[...element.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim() !== ""));
	const measured = texts.map((element) => {
		const color = rgba(getComputedStyle(element).color);
		const grounds = [behind(element), ...(element.closest("#picture .address") ? [raised] : [])];
		return [element.textContent.slice(0, 60), Math.min(...grounds.map((ground) => contrast(color, ground)))];
	});
	if (measured.length < 100) throw new Error("only " + measured.length + " texts found");
	return measured.filter(([, ratio]) => ratio < 4.5);
})()`;

describe("choosing", () => {
	const from = indexOf("outside", "nodeport-worker2");
	const expected = {
		picture: expect.stringMatching(
			/from outside to \S+: over nodeport-worker2, nodeport-worker\. Pod app1-\S+ .* answers/,
		),
		words: expect.stringContaining("nodeport-worker2 172.18.0.6 → 172.18.0.5:30040: 14 rules"),
		hits: expect.toSatisfy((count: number) => count >= 5),
		lists: ["outside", expect.stringMatching(/^nodeport-worker2 \(/)],
		pressed: [from],
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
			const label = await page.locator("#picture ol").getAttribute("aria-label");
			expect(label).toContain(`from ${client} to ${target.address}: over `);
			expect(await page.evaluate(overlaps)).toEqual([]);
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
	expect((await shown(opened)).pressed).toEqual([0]);
	expect(await page.locator("header [aria-label=Findings] li").allInnerTexts()).toEqual([
		expect.stringContaining("observed timeout, <img src=x onerror=alert(1)>"),
		expect.stringContaining(": 0 of 1 pods are ready"),
	]);
	await page.close();
});

describe("playing", () => {
	/** The number of steps that are visible, the current one, and the sentence about it. */
	const played = async (page: Page) => ({
		visible: await page.locator("#picture li:visible").count(),
		current: await page
			.locator("#picture li.current")
			.evaluateAll((steps) => steps.map((step) => [...(step.parentElement?.children ?? [])].indexOf(step))),
		sentence: (await page.locator("#step").innerText()).split("\n")[0],
	});
	const all = { visible: 14, current: [], sentence: expect.stringMatching(/^14 steps, from top to bottom/) };
	const first = { visible: 1, current: [0], sentence: expect.stringMatching(/^Step 1 of 14: dnsutils sends a packet/) };
	const second = {
		visible: 2,
		current: [1],
		sentence: expect.stringMatching(/^Step 2 of 14: .*from 10\.244\.1\.2 to 172\.18\.0\.2/),
	};

	it("buttons show one step after the other", async () => {
		const { page, complaints } = await open(report);
		expect(await played(page)).toEqual(all);
		const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
		await press("Next step");
		expect(await played(page)).toEqual(first);
		await press("Next step");
		expect(await played(page)).toEqual(second);
		expect(await page.locator("#step code").innerText()).toContain("-j MASQUERADE");
		await press("Previous step");
		expect(await played(page)).toEqual(first);
		await press("Show all");
		expect(await played(page)).toEqual(all);
		expect(complaints).toEqual([]);
		await page.close();
	});

	it("the arrow keys do the same, and another path begins with all steps", async () => {
		const { page } = await open(report);
		await page.locator("#picture").focus();
		await page.keyboard.press("ArrowRight");
		await page.keyboard.press("ArrowRight");
		expect(await played(page)).toEqual(second);
		await page.keyboard.press("ArrowLeft");
		expect(await played(page)).toEqual(first);
		await page.keyboard.press("Escape");
		expect(await played(page)).toEqual(all);
		await page.keyboard.press("Home");
		await page.locator(`[data-cell="${indexOf("outside", "nodeport-worker2")}"]`).click();
		expect((await played(page)).current).toEqual([]);
		await page.close();
	});

	it("Play goes on by itself until it is paused", async () => {
		const { page } = await open(report);
		await page.clock.install();
		await page.getByRole("button", { name: "Play", exact: true }).click();
		expect(await played(page)).toEqual(first);
		await page.clock.runFor(3000);
		expect(await played(page)).toEqual(second);
		await page.getByRole("button", { name: "Pause", exact: true }).click();
		await page.clock.runFor(60_000);
		expect(await played(page)).toEqual(second);
		await page.close();
	});

	it("a user who prefers reduced motion gets steps without animation, and no Play", async () => {
		const { page } = await open(report, { ...wide, reducedMotion: "reduce" });
		expect(await page.getByRole("button", { name: "Play", exact: true }).count()).toBe(0);
		await page.getByRole("button", { name: "Next step", exact: true }).click();
		expect(await played(page)).toEqual(first);
		const animation = await page.evaluate("getComputedStyle(document.querySelector('.current .what')).animationName");
		expect(animation).toBe("none");
		await page.close();
	});
});

it("a branch of the path can be selected", async () => {
	const branched = fullReport();
	const journey = branched.journeys.requests.find(({ client }) => client === branched.connectivity[0]?.client);
	const [branch] = journey?.branches ?? [];
	if (!journey || !branch) throw new Error("the fixture has no journey");
	const other = { ...branch, probability: 0.25, end: { kind: "drop" as const, node: "nodeport-control-plane" } };
	journey.branches = [
		{ ...branch, probability: 0.75 },
		{ ...other, legs: branch.legs.slice(0, 2) },
	];
	const { page } = await open(branched);
	await page.locator("#branch").selectOption({ index: 1 });
	expect(await page.locator("#picture li").last().innerText()).toContain("dropped: no answer");
	expect(await page.locator("#branch option").allInnerTexts()).toEqual([
		expect.stringMatching(/^Branch 1 of 2, probability 75\.0 %/),
		expect.stringMatching(/^Branch 2 of 2, probability 25\.0 %/),
	]);
	await page.close();
});

describe("the glossary", () => {
	const meaning = "The node whose address the client calls. It doesn't need to run a pod of the Service.";

	it("explains a term that the pointer is on, until it leaves", async () => {
		const { page } = await open(report);
		const tip = page.getByRole("tooltip");
		await page.locator("a.term", { hasText: "entry node" }).first().hover();
		expect(await tip.innerText()).toBe(meaning);
		await tip.hover();
		expect(await tip.isVisible()).toBe(true);
		await page.mouse.move(0, 0);
		await tip.waitFor({ state: "hidden" });
		await page.close();
	});

	it("explains a term that is focused, and Escape hides it", async () => {
		const { page } = await open(report, { width: 480, colorScheme: "light" });
		const tip = page.getByRole("tooltip");
		await page.keyboard.press("Tab");
		expect(await tip.innerText()).toBe(meaning);
		expect(await page.evaluate("document.activeElement.getAttribute('aria-describedby')")).toBe("tip");
		expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(480);
		await page.keyboard.press("Escape");
		expect(await tip.isVisible()).toBe(false);
		await page.close();
	});
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
