/** Selecting a request in the report's page, in a real Chromium. */
import { describe, expect, it } from "vitest";
import { fullReport } from "../unit/report/full.ts";
import { severalViews } from "../unit/report/views/severalViews.ts";
import { overlaps } from "./lookFaults.ts";
import { dual, failed, indexOf, type Opened, open, report, wide } from "./openReport.ts";

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

describe("choosing a family and a protocol", () => {
	/** The matrices and lists of rules that are visible, what is checked, and what the path is about. */
	async function view({ page }: Opened) {
		return {
			shown: await page.locator("[data-view]:visible h3").allInnerTexts(),
			checked: await page.locator('[name="view"]:checked').getAttribute("value"),
			list: await page.locator("#view").inputValue(),
			title: await page.locator("#chosen").innerText(),
		};
	}

	const requests = dual.connectivity.length / 4;
	const first = {
		shown: ["TCP over IPv4", "TCP over IPv4"],
		checked: "0",
		list: "TCP over IPv4",
		title: "dnsutils -> nodeport-control-plane nodePort 172.18.0.4:30040: as predicted",
	};
	const last = {
		shown: ["UDP over IPv6", "UDP over IPv6"],
		checked: "3",
		list: "UDP over IPv6",
		title: "dnsutils -> nodeport-control-plane nodePort [fc00:f853:ccd:e793::4]:30040/udp: as predicted",
	};

	it("a click shows the same request in another one", async () => {
		const opened = await open(dual);
		const { page, complaints } = opened;
		expect(await view(opened)).toEqual(first);
		await page.getByRole("radio", { name: "UDP over IPv6" }).check();
		expect(await view(opened)).toEqual(last);
		expect((await shown(opened)).pressed).toEqual([3 * requests]);
		expect(await page.locator("#target option").allInnerTexts()).toContainEqual(
			expect.stringMatching(/^clusterIp \(\[fd00:10:96::\S+\]:8080\)$/),
		);
		const hits = page.locator("details.rules li.hit");
		expect(await hits.count()).toBeGreaterThan(5);
		for (const hit of await hits.all())
			expect(await hit.locator("xpath=ancestor::*[@data-view]").getAttribute("data-view")).toBe("3");
		await page.getByRole("radio", { name: "TCP over IPv4" }).check();
		expect(await view(opened)).toEqual(first);
		expect(complaints).toEqual([]);
		await page.close();
	});

	it("the arrow keys do the same, and the focus is visible", async () => {
		const opened = await open(dual);
		const { page } = opened;
		await page.getByRole("radio", { name: "TCP over IPv4" }).focus();
		for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowRight");
		expect(await view(opened)).toEqual(last);
		expect(await page.evaluate("document.activeElement.value")).toBe("3");
		expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
		await page.close();
	});

	it("the list in the path's form does the same", async () => {
		const opened = await open(dual);
		await opened.page.locator("#view").selectOption("UDP over IPv6");
		expect(await view(opened)).toEqual(last);
		await opened.page.close();
	});

	it("a link to a request shows its family and protocol, and its target stays selected", async () => {
		const opened = await open(dual, wide, `#cell-${3 * requests + indexOf("outside", "nodeport-worker2")}`);
		const title = "outside -> nodeport-worker2 nodePort [fc00:f853:ccd:e793::5]:30040/udp: as predicted";
		expect(await view(opened)).toEqual({ ...last, title });
		await opened.page.getByRole("radio", { name: "TCP over IPv6" }).check();
		expect(await opened.page.locator("#target").inputValue()).toBe("nodeport-worker2 ([fc00:f853:ccd:e793::5]:30040)");
		await opened.page.close();
	});

	it("a failed request is shown first, whichever family and protocol it has", async () => {
		const failing = severalViews();
		const cell = failing.connectivity.find(({ target }) => target.family === "ipv6" && target.protocol === "tcp");
		if (!cell) throw new Error("the fixture has no such request");
		cell.ok = false;
		const opened = await open({ ...failing, ok: false });
		expect((await view(opened)).shown).toEqual(["TCP over IPv6", "TCP over IPv6"]);
		const labels = await opened.page.locator("fieldset.views label").allInnerTexts();
		expect(labels.map((text) => text.replaceAll(/\s+/g, " "))).toEqual([
			"TCP over IPv4",
			"UDP over IPv4",
			"TCP over IPv6 1 FAILED",
			"UDP over IPv6",
		]);
		await opened.page.close();
	});

	it("can't be chosen if there is only one", async () => {
		const { page } = await open(report);
		expect(await page.locator('[name="view"], #view, [data-view]').count()).toBe(0);
		await page.close();
	});
});
