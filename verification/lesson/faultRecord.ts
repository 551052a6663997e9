/**
 * What the lesson has broken, recorded before it is broken: after a kill, the next start of the lesson, and `npm start`,
 * repair it.
 */
import { rm } from "node:fs/promises";
import { z } from "zod";
import { readIfExists, writeAtomically } from "../../lib/atomicFile.ts";
import { Fault } from "./model.ts";

export const FaultRecord = z.object({
	fault: Fault,
	/** The Service's uid: a record of another cluster, or of a Service that was replaced, is outdated. */
	service: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }),
});
export type FaultRecord = z.infer<typeof FaultRecord>;

export const writeFaultRecord = (path: string, record: FaultRecord): Promise<void> =>
	writeAtomically(path, `${JSON.stringify(record)}\n`);

/** @returns undefined if nothing is broken */
export async function readFaultRecord(path: string): Promise<FaultRecord | undefined> {
	const text = await readIfExists(path);
	if (text === undefined) return undefined;
	try {
		return FaultRecord.parse(JSON.parse(text));
	} catch (error) {
		throw new Error(
			`${path} isn't a record of this version of what a lesson has broken; fix: rm ${path} && npm run destroy && npm start`,
			{ cause: error },
		);
	}
}

export const removeFaultRecord = (path: string): Promise<void> => rm(path, { force: true });
