import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readReport, reportRevision, requireReport, writeReport } from "../../../verification/resultFile.ts";
import { sampleReport } from "../report/sample.ts";
import { temporaryFolder } from "../temporary.ts";

const folder = temporaryFolder();
const path = () => join(folder.path, "out/verification.json");

it("reads what it wrote", async () => {
	const report = sampleReport({ path: path() });
	await writeReport(report);
	expect(await readReport(path())).toEqual(report);
});

it("keeps what experiments found before a verification, and gives back what is on disk", async () => {
	const drawbacks = [{ name: "n", title: "t", question: "q", checkedAt: "2026-01-01T00:00:00.000Z", findings: [] }];
	await writeReport({ ...sampleReport({ path: path() }), drawbacks });
	const written = await writeReport(sampleReport({ path: path() }));
	expect(written.drawbacks).toEqual(drawbacks);
	expect(await readReport(path())).toEqual(written);
});

it.each([
	["another stack", { revisions: { stack: "other" } }],
	["another cluster", { kubeconfig: "other.yaml" }],
	["another context", { context: "other" }],
])("keeps nothing that experiments found on %s", async (_, changes) => {
	const drawbacks = [{ name: "n", title: "t", question: "q", checkedAt: "2026-01-01T00:00:00.000Z", findings: [] }];
	await writeReport({ ...sampleReport({ path: path(), revisions: { stack: "test" } }), drawbacks });
	const next = sampleReport({ path: path(), revisions: { stack: "test" } });
	const written = await writeReport({ ...next, request: { ...next.request, ...changes } });
	expect(written.drawbacks).toBeUndefined();
});

it("takes a report that is missing, cut off or of another version for none", async () => {
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
		text.replace("report/v1", "report/v0"),
	];
	for (const unreadable of [...cuts, ...others]) {
		await writeFile(path(), unreadable);
		expect(await readReport(path())).toBeUndefined();
	}
});

it("says what is wrong with a report that must be there, and what to do", async () => {
	await expect(requireReport(path())).rejects.toThrow(`not verified yet (there is no ${path()}); fix: npm start`);
	await writeReport(sampleReport({ path: path() }));
	expect(await requireReport(path())).toEqual(sampleReport({ path: path() }));
	const text = await readFile(path(), "utf8");
	await writeFile(path(), text.replace("report/v1", "report/v0"));
	await expect(requireReport(path())).rejects.toThrow(
		'must be a report of schema "nodeport-lab/report/v1", got "nodeport-lab/report/v0"; fix: npm start',
	);
	for (const unreadable of ["", "null", "7", text.slice(0, 200), text.replace('"ok": false', '"ok": 7')]) {
		await writeFile(path(), unreadable);
		await expect(requireReport(path())).rejects.toThrow("got something else; fix: npm start");
	}
});

it("reads a report of before clients and ways were kept", async () => {
	const { clients, ways, ...before } = sampleReport({ path: path() });
	await mkdir(join(folder.path, "out"), { recursive: true });
	await writeFile(path(), JSON.stringify(before));
	expect(await requireReport(path())).toMatchObject({ clients: [], ways: { cells: [], omittedCells: 0 } });
});

it("names the report that is there, and anew one that is lost or of a failure", async () => {
	const first = await reportRevision(path(), "test");
	await writeReport({ ...sampleReport({ path: path(), revisions: first }), ok: true });
	expect(await reportRevision(path(), "test")).toEqual(first);
	expect(await reportRevision(path(), "other")).not.toMatchObject({ report: first.report });
	await writeReport({ ...sampleReport({ path: path(), revisions: first }), ok: false });
	expect(await reportRevision(path(), "test")).not.toEqual(first);
	await writeFile(path(), "");
	expect(await reportRevision(path(), "test")).not.toEqual(first);
});
