/** The run of the lab that the README quotes and shows, as data: everything else is rendered from it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../../lib/atomicFile.ts";
import { Diagnosis } from "../../../verification/diagnosis/diagnosis.ts";
import { Report } from "../../../verification/report.ts";

export interface RecordedRun {
	report: Report;
	/** Of a Service with a misspelled selector. */
	diagnosis?: Diagnosis;
}

const folder = "test/fixtures/recordedRun";
const files = { report: join(folder, "report.json"), diagnosis: join(folder, "diagnosis.json") };

export async function readRun(): Promise<RecordedRun> {
	const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));
	return {
		report: Report.parse(await read(files.report)),
		...(existsSync(files.diagnosis) && { diagnosis: Diagnosis.parse(await read(files.diagnosis)) }),
	};
}

export async function writeRun({ report, diagnosis }: RecordedRun): Promise<void> {
	const write = (file: string, data: unknown) => writeAtomically(file, `${JSON.stringify(data, null, 1)}\n`);
	await write(files.report, report);
	if (diagnosis) await write(files.diagnosis, diagnosis);
}
