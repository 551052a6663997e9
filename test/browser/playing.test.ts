/** Playing the steps of a path, and the glossary, in a real Chromium. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { indexOf, open, report, wide } from "./openReport.ts";

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
