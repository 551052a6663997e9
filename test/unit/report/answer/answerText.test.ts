/** What each command ends with, at 100 columns: at most 12 lines, and none wider. */
import { expect, it } from "vitest";
import { answerText } from "../../../../report/answer/answerText.ts";
import { destroyedText } from "../../../../report/answer/destroyedText.ts";
import { pathAnswer } from "../../../../report/answer/pathAnswer.ts";
import { drawbacksVerdict } from "../../../../report/drawbacks/drawbacksText.ts";
import type { Report } from "../../../../verification/report.ts";
import { failedReport, fullReport } from "../full.ts";
import { sampleReport } from "../sampleReport.ts";
import { severalViews } from "../views/severalViews.ts";

const screen = { color: false, width: 100 };

/** A lab whose names are as long as names get in practice, with many nodes. */
function largeReport(): Report {
	const report = fullReport();
	const name = (i: number) => `ip-10-0-${i}-172.eu-central-1.compute.internal`;
	const [cell] = report.connectivity;
	if (!cell) throw new Error("the fixture has no request");
	const cells = Array.from({ length: 100 }, (_, i) => ({
		...cell,
		target: { ...cell.target, node: name(i) },
		observed:
			i % 3 === 0
				? { outcome: "timeout" as const }
				: { ...cell.observed, clientIp: `10.0.${i}.172`, podIp: `10.244.${i}.2`, node: name(i) },
	}));
	return { ...report, connectivity: cells };
}

/** The same with all families and protocols, which differ. */
function largeDualReport(): Report {
	const report = severalViews(undefined, largeReport());
	for (const cell of report.connectivity) {
		if (cell.target.family === "ipv6") cell.observed = { outcome: "refused" };
	}
	return report;
}

/** Only requests of the last family and protocol fail. */
function failedElsewhere(): Report {
	const report = severalViews();
	for (const cell of report.connectivity) {
		const { family, protocol, node } = cell.target;
		if (family !== "ipv6" || protocol !== "udp" || node !== "nodeport-worker2") continue;
		cell.observed = { outcome: "timeout" };
		cell.ok = false;
	}
	return { ...report, ok: false };
}

function explained(report: Report): string {
	const [client] = report.clients;
	if (!client || !report.explained) throw new Error("the fixture explains no path");
	const compared = { agree: true, nodes: 3 };
	return pathAnswer(report, { client, journey: report.explained, compared }, screen);
}

const destroyed = {
	removed: { kind: "cluster", name: "nodeport" },
	stack: "dev",
	settings: "Pulumi.dev.yaml",
} as const;

it.each([
	["npm start and npm run verify", answerText(fullReport(), screen)],
	["a failed verification", answerText(failedReport(), screen)],
	["a verification without a nodePort that answers", answerText(sampleReport(), screen)],
	["a large cluster", answerText(largeReport(), screen)],
	["a lab with two families and two protocols", answerText(severalViews(), screen)],
	["a failed verification of all families and protocols", answerText(severalViews(undefined, failedReport()), screen)],
	["a verification that fails in the last family and protocol", answerText(failedElsewhere(), screen)],
	["a large cluster with families that differ", answerText(largeDualReport(), screen)],
	["npm run drawbacks", answerText(fullReport(), screen, drawbacksVerdict(fullReport().drawbacks ?? []))],
	["npm run explain", explained(fullReport())],
	["npm run destroy", destroyedText(destroyed, screen)],
	["npm run destroy with a foreign cluster", destroyedText({ ...destroyed, foreignCluster: "nodeport" }, screen)],
])("%s ends with at most 12 lines of 100 columns", (_, text) => {
	expect(text).toMatchSnapshot();
	const lines = text.split("\n");
	expect(lines.length).toBeLessThanOrEqual(12);
	expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
});

it.each([70, 80, 200])("is at most %i columns wide", (width) => {
	for (const report of [fullReport(), failedReport(), largeReport(), severalViews(), largeDualReport()]) {
		const lines = answerText(report, { color: false, width }).split("\n");
		expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
	}
});

it("colors the verdict and dims the labels only if the screen has colors", () => {
	const colored = answerText(fullReport(), { color: true });
	expect(colored).toContain("\u001b[32mverified at");
	expect(colored).toContain("\u001b[2manswer");
	expect(answerText(failedReport(), { color: true })).toContain("\u001b[31mverification failed at");
	expect(answerText(fullReport(), screen)).not.toContain("\u001b");
});
