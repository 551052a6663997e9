/** The picture of the report, by Chromium, and what it was made from. */
import { createHash } from "node:crypto";
import { chromium as playwright } from "playwright-core";
import { chromium } from "../../browser/chromium.ts";

/** Identifies the page that the picture shows: a picture's own bytes depend on the machine's fonts. */
export const pageHash = (html: string): string => createHash("sha256").update(html).digest("hex");

/** From the top to the end of the path. */
export async function takeScreenshot(html: string, path: string): Promise<void> {
	const browser = await playwright.launch({ executablePath: await chromium(), args: ["--no-sandbox"] });
	try {
		const page = await browser.newPage({ viewport: { width: 1200, height: 1000 }, colorScheme: "light" });
		await page.setContent(html);
		const box = await page.locator("#picture").boundingBox();
		if (!box) throw new Error("the page shows no path");
		const clip = { x: 0, y: 0, width: 1200, height: Math.ceil(box.y + box.height) + 16 };
		await page.screenshot({ path, fullPage: true, clip });
	} finally {
		await browser.close();
	}
}
