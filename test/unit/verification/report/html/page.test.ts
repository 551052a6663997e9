import { expect, it } from "vitest";
import { htmlReport } from "../../../../../verification/report/html/page.ts";
import { failedReport, fullReport } from "../full.ts";
import { sampleReport } from "../sample.ts";

it("needs no other file and no network: no element loads anything, and its policy forbids it", async () => {
	const page = await htmlReport(fullReport());
	expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;`);
	expect(page).not.toMatch(/<(?:script|img|iframe|link|object|embed)[^>]*(?:src|href)="(?!data:,)/);
	expect(page).not.toMatch(/@import|url\((?!#)/);
});

it("escapes the words of others wherever they are shown", async () => {
	const page = await htmlReport(failedReport());
	expect(page).not.toContain("<img");
	expect(page.match(/<\/script>/g)?.length).toBe(2);
	expect(page.match(/&lt;img src=x/g)?.length).toBeGreaterThan(3);
});

it("tells what failed before all else", async () => {
	const page = await htmlReport(failedReport());
	expect(page).toMatch(/<title>NodePort 30040 of default\/nodeport-service: FAILED<\/title>/);
	expect(page.indexOf("<b>FAILED</b>: 2 findings")).toBeLessThan(page.indexOf("<h2>"));
});

it("is a page also of a report that keeps no ways, and says so", async () => {
	const page = await htmlReport(sampleReport());
	expect(page).toContain("<code>npm run explain -- --from dnsutils --to 172.18.0.4:30040</code>");
	expect(page).toContain("Paths of 2 of 2 cells are left out for lack of room.");
	// One picture of the cluster serves all of them: there may be thousands.
	expect(page.match(/<template id="picture-/g)?.length).toBe(1);
});

it("is a page also where nothing was asked", async () => {
	expect(await htmlReport({ ...sampleReport(), connectivity: [] })).toContain("</html>");
});
