import { expect, it } from "vitest";
import { htmlReport } from "../../../../report/html/page.ts";
import { experiments } from "../../../../verification/experiments/all.ts";
import { failedReport, fullReport } from "../full.ts";
import { sampleReport } from "../sampleReport.ts";

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

it("escapes foreign text everywhere", () => {
	expect(failed).not.toContain("<img");
	expect(failed.match(/<\/script>/g)?.length).toBe(2);
	expect(failed.match(/&lt;img src=x/g)?.length).toBeGreaterThan(3);
});

it("shows findings before everything else", () => {
	expect(failed).toMatch(/<title>NodePort 30040 of default\/nodeport-service: FAILED<\/title>/);
	expect(failed.indexOf("<b>FAILED</b>: 2 findings")).toBeLessThan(failed.indexOf("<h2>"));
});

it("is complete without recorded journeys, and says how to see a path", async () => {
	const withoutJourneys = { ...sampleReport(), journeys: { hops: [], requests: [], omittedRequests: 2 } };
	const page = await htmlReport(withoutJourneys);
	expect(page).toContain(
		"<p>To repeat the request: <code>kubectl exec dnsutils -- curl http://172.18.0.4:30040/host</code>",
	);
	expect(page).toContain("<code>npm run explain -- --from dnsutils --to 172.18.0.4:30040</code>");
	expect(page).toContain("The paths of 2 of 2 requests are left out for lack of room.");
	// All requests without a path share one picture: there may be thousands.
	expect(page.match(/<template id="picture-/g)?.length).toBe(1);
	expect(page).toContain("The path of this packet isn't recorded.");
});

it("has one matrix; where the measurement differs from the prediction, the request shows both", () => {
	for (const page of [whole, failed]) expect(page.match(/<table/g)?.length).toBe(1);
	expect(whole).toContain("Predicted and measured: the same in all 53 requests.");
	expect(failed).toContain("Measured; 1 of 53 requests differ from the prediction.");
	expect(failed).toContain("FAILED: timeout, not ok 172.18.0.4");
});

it("shows every drawback, with its numbers or with the command that measures it", () => {
	expect(whole.match(/<article class="card/g)?.length).toBe(experiments.length);
	expect(whole).toContain("requests hide the client&#39;s address from the pod (policy Cluster)</dt><dd>2 of 2</dd>");
	expect(whole).toContain("<code>npm run drawbacks -- pinned-pod</code>");
	expect(whole).not.toContain("npm run drawbacks -- client-ip-lost");
});

it("says that an existing cluster can't be measured", async () => {
	const { request, drawbacks, ...full } = fullReport();
	const page = await htmlReport({ ...full, request: { ...request, existing: {} } });
	expect(page).toContain("The experiments can't run on an existing cluster.");
	expect(page).toContain("<code>PULUMI_STACK=kind npm run drawbacks -- client-ip-lost</code>");
	expect(whole).toContain("<code>npm run drawbacks</code> measures them all, except many-services.");
});

it("folds the rules", () => {
	expect(whole).toContain("<details");
	expect(whole).not.toMatch(/<details[^>]* open/);
});

it("is complete without requests", async () => {
	expect(await htmlReport({ ...sampleReport(), connectivity: [] })).toContain("</html>");
});

it("starts with the replacement of kube-proxy and the cluster's size, and shows no rules if there are none", async () => {
	const full = fullReport();
	const sample = { nodes: full.nodes.map(({ name }) => name), of: 5000, seed: 1 };
	const page = await htmlReport({
		...full,
		proxyMode: "none",
		rules: [],
		notices: [{ kind: "sample" }, { kind: "replacedProxy" }],
		request: { ...full.request, existing: { sample } },
	});
	const top = page.slice(0, page.indexOf("<main>"));
	for (const line of [
		"verified 4 of 5000 nodes",
		"another program serves Services",
		"on 5000 nodes",
		"replaced by another program",
	])
		expect(top.replaceAll("&gt;", ">")).toContain(line);
	expect(page).not.toMatch(/by the kernel rules|none (rules|mode)|The Service's rules on each node/);
}, 120_000);
