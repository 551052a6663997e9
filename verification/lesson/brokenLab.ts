/** The lab while something in it is broken on purpose, and its repair for any reason that ends the work. */
import { poll } from "../../lib/poll.ts";
import type { Diagnosis } from "../diagnosis/diagnosis.ts";
import { readFaultRecord, removeFaultRecord, writeFaultRecord } from "./faultRecord.ts";
import { inject, repair, type ServiceId } from "./lessonFaults.ts";
import type { FaultTools, LessonLab } from "./lessonLab.ts";
import type { Fault } from "./model.ts";

/** How long the lab may take until its repair shows. */
const repairSeconds = 180;

/** How long a lab may take to settle that nothing was done to. */
const settlingSeconds = 20;

/** How long the lab may take until a fault shows. */
const faultSeconds = 60;

/** Whether the diagnosis reports nothing, and could check everything. */
export const isClean = ({ findings, gaps }: Diagnosis): boolean => findings.length === 0 && gaps.length === 0;

export class StillBroken extends Error {
	readonly diagnosis: Diagnosis;

	constructor(diagnosis: Diagnosis) {
		super("the lab is still broken");
		this.diagnosis = diagnosis;
	}
}

/** Runs the work while the fault exists. Then repairs it. @throws StillBroken */
export async function withFault<T>(
	recordPath: string,
	lab: LessonLab,
	{ namespace, name }: ServiceId,
	fault: Fault,
	work: () => Promise<T>,
): Promise<T> {
	const { metadata } = await lab.cluster.core.readNamespacedService({ namespace, name });
	const service = { namespace, name, uid: metadata?.uid ?? "" };
	lab.signal.throwIfAborted();
	lab.report("breaking");
	await writeFaultRecord(recordPath, { fault, service });
	try {
		await inject(fault, lab, service);
		lab.signal.throwIfAborted();
		return await work();
	} catch (error) {
		// The error of an interrupted operation says less than the signal; one of the repair says more.
		lab.signal.throwIfAborted();
		throw error;
	} finally {
		lab.report("restoring");
		await repair(fault, lab, service);
		await untilClean(lab);
		await removeFaultRecord(recordPath);
		lab.report("restored");
	}
}

/** Repairs what a killed lesson left. The cluster may still need some seconds. @returns whether there was something */
export async function repairLeftFault(recordPath: string, tools: FaultTools): Promise<boolean> {
	const record = await readFaultRecord(recordPath);
	if (!record) return false;
	const { fault, service } = record;
	const fieldSelector = `metadata.name=${service.name}`;
	const list = await tools.cluster.core.listNamespacedService({ namespace: service.namespace, fieldSelector });
	const isOutdated = list.items[0]?.metadata?.uid !== service.uid;
	if (!isOutdated) await repair(fault, tools, service);
	await removeFaultRecord(recordPath);
	return !isOutdated;
}

/** Before something is broken: the last repair may still be under way. @throws StillBroken */
export const requireClean = (lab: LessonLab): Promise<void> => untilClean(lab, settlingSeconds);

/** @throws StillBroken */
export async function untilClean(lab: LessonLab, seconds = repairSeconds): Promise<void> {
	const last = await poll(() => lab.diagnose(), { interval: 1000, seconds, until: isClean });
	if (!isClean(last)) throw new StillBroken(last);
}

/** @returns the diagnosis, once it reports something @throws if it never does */
export async function untilBroken(lab: LessonLab): Promise<Diagnosis> {
	const until = (diagnosis: Diagnosis) => !isClean(diagnosis);
	const { signal } = lab;
	const last = await poll(() => lab.diagnose(), { interval: 1000, seconds: faultSeconds, until, signal });
	if (isClean(last)) throw new Error(`the exercise has no effect on this lab within ${faultSeconds} s`);
	return last;
}
