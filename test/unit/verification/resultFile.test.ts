import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { reportProblemText } from "../../../report/noticeText.ts";
import { loadReport, readReport, reportRevision, writeReport } from "../../../verification/resultFile.ts";
import { sampleReport } from "../report/sampleReport.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const path = () => join(folder.path, "out/verification.json");

it("reads what it wrote", async () => {
	const report = sampleReport({ path: path() });
	await writeReport(report);
	expect(await readReport(path())).toEqual(report);
});

it("keeps earlier results of experiments, and returns what is on disk", async () => {
	const drawbacks = [{ name: "n", title: "t", question: "q", checkedAt: "2026-01-01T00:00:00.000Z", measurements: [] }];
	await writeReport({ ...sampleReport({ path: path() }), drawbacks });
	const written = await writeReport(sampleReport({ path: path() }));
	expect(written.drawbacks).toEqual(drawbacks);
	expect(await readReport(path())).toEqual(written);
});

it.each([
	["another stack", { revisions: { stack: "other" } }],
	["another cluster", { kubeconfig: "other.yaml" }],
	["another context", { context: "other" }],
])("doesn't keep results of experiments on %s", async (_, changes) => {
	const drawbacks = [{ name: "n", title: "t", question: "q", checkedAt: "2026-01-01T00:00:00.000Z", measurements: [] }];
	await writeReport({ ...sampleReport({ path: path(), revisions: { stack: "test" } }), drawbacks });
	const next = sampleReport({ path: path(), revisions: { stack: "test" } });
	const written = await writeReport({ ...next, request: { ...next.request, ...changes } });
	expect(written.drawbacks).toBeUndefined();
});

it("returns nothing for a report that is missing, truncated or of another version", async () => {
	expect(await readReport(path())).toBeUndefined();
	await writeReport(sampleReport({ path: path() }));
	const text = await readFile(path(), "utf8");
	const cuts = Array.from({ length: 40 }, (_, i) => text.slice(0, Math.floor((i * (text.length - 2)) / 39)));
	const others = [
		"null",
		"[]",
		"7",
		'"report"',
		"{}",
		"<html></html>",
		"\0\uFFFD",
		text.replace("report/v3", "report/v0"),
	];
	for (const unreadable of [...cuts, ...others]) {
		await writeFile(path(), unreadable);
		expect(await readReport(path())).toBeUndefined();
	}
});

it("reports what is wrong with a required report, and the fix", async () => {
	const problem = async () => {
		const loaded = await loadReport(path());
		return "problem" in loaded ? reportProblemText(loaded.problem) : expect.fail("the report can be read");
	};
	expect(await problem()).toBe(`the lab isn't verified yet (${path()} not found); fix: npm start`);
	await writeReport(sampleReport({ path: path() }));
	expect(await loadReport(path())).toEqual({ report: sampleReport({ path: path() }) });
	const text = await readFile(path(), "utf8");
	await writeFile(path(), text.replace("report/v3", "report/v0"));
	expect(await problem()).toContain(
		'expected a report with schema "nodeport-lab/report/v3", got "nodeport-lab/report/v0"; fix: npm start',
	);
	for (const unreadable of ["", "null", "7", text.slice(0, 200), text.replace('"ok": false', '"ok": 7')]) {
		await writeFile(path(), unreadable);
		expect(await problem()).toContain("got invalid content; fix: npm start");
	}
});

it("keeps the revision of a report, and makes a new one for a lost report or a failure", async () => {
	const first = await reportRevision(path(), "test");
	await writeReport({ ...sampleReport({ path: path(), revisions: first }), ok: true });
	expect(await reportRevision(path(), "test")).toEqual(first);
	expect(await reportRevision(path(), "other")).not.toMatchObject({ report: first.report });
	await writeReport({ ...sampleReport({ path: path(), revisions: first }), ok: false });
	expect(await reportRevision(path(), "test")).not.toEqual(first);
	await writeFile(path(), "");
	expect(await reportRevision(path(), "test")).not.toEqual(first);
});
