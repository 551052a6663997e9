import { expect, it } from "vitest";
import { htmlReport } from "../../../../../verification/report/html/page.ts";
import { failedReport, fullReport } from "../full.ts";
import { sampleReport } from "../sample.ts";

const whole = await htmlReport(fullReport());
const failed = await htmlReport(failedReport());

it.each([whole, failed])(
	"needs no other file and no network: no element loads anything, and its policy forbids it",
	(page) => {
		expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;`);
		expect(page).not.toMatch(/<(?:script|img|iframe|link|object|embed)[^>]*(?:src|href)="(?!data:,)/);
		expect(page).not.toMatch(/@import|url\((?!#)/);
	},
);

it("escapes the words of others wherever they are shown", () => {
	expect(failed).not.toContain("<img");
	expect(failed.match(/<\/script>/g)?.length).toBe(2);
	expect(failed.match(/&lt;img src=x/g)?.length).toBeGreaterThan(3);
});

it("tells what failed before all else", () => {
	expect(failed).toMatch(/<title>NodePort 30040 of default\/nodeport-service: FAILED<\/title>/);
	expect(failed.indexOf("<b>FAILED</b>: 2 findings")).toBeLessThan(failed.indexOf("<h2>"));
});

it("is a page also of a report that keeps no ways, and says so", async () => {
	const page = await htmlReport(sampleReport());
	expect(page).toContain("<p>To ask again: <code>kubectl exec dnsutils -- curl http://172.18.0.4:30040/host</code>");
	expect(page).toContain("<code>npm run explain -- --from dnsutils --to 172.18.0.4:30040</code>");
	expect(page).toContain("Paths of 2 of 2 cells are left out for lack of room.");
	// One picture of the cluster serves all of them: there may be thousands.
	expect(page.match(/<template id="picture-/g)?.length).toBe(1);
});

it("is a page also where nothing was asked", async () => {
	expect(await htmlReport({ ...sampleReport(), connectivity: [] })).toContain("</html>");
});
