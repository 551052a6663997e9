import { expect, it } from "vitest";
import { htmlReport } from "../../../../report/html/page.ts";
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

it("says on top what else serves Services, of a sample how large the cluster is, and nothing of rules that are not", async () => {
	const full = fullReport();
	const sample = { nodes: full.nodes.map(({ name }) => name), of: 5000, seed: 1 };
	const page = await htmlReport({
		...full,
		proxyMode: "none",
		rules: [],
		notices: ["looked at 4 of 5000 nodes, seed 1", "something else serves <Services>"],
		request: { ...full.request, existing: { sample } },
	});
	const top = page.slice(0, page.indexOf("<main>"));
	for (const line of ["looked at 4 of 5000 nodes, seed 1", "serves &lt;Services>", "on 5000 nodes", "in its place"])
		expect(top.replaceAll("&gt;", ">")).toContain(line);
	expect(page).not.toMatch(/as the rules say|none (rules|mode)|The Service's rules on each node/);
});
