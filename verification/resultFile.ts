/** The report on disk. */
import { randomBytes } from "node:crypto";
import { readIfExists, writeAtomically } from "../lib/atomicFile.ts";
import { Report, reportSchema } from "./report.ts";
import type { Request } from "./request.ts";

/**
 * Writes the report atomically. Results of earlier experiments on the same lab are kept.
 * @returns the report as written
 */
export async function writeReport(report: Report): Promise<Report> {
	const { report: path } = report.request;
	const last = await readReport(path);
	const drawbacks = report.drawbacks ?? (last && isOfOneLab(last.request, report.request) ? last.drawbacks : undefined);
	const whole = { ...report, ...(drawbacks && { drawbacks }) };
	await writeAtomically(path, `${JSON.stringify(whole, null, 1)}\n`);
	return whole;
}

/** Whether both are of the same stack and cluster: the stacks of a folder share its files. */
const isOfOneLab = (a: Request, b: Request): boolean =>
	stackOf(a) === stackOf(b) && a.kubeconfig === b.kubeconfig && a.context === b.context;

/** Why a report can't be used. */
export type ReportProblem =
	| { kind: "missing"; path: string }
	/** `schema`: that of another version; absent if the content is invalid. */
	| { kind: "unreadable"; path: string; expected: string; schema?: string };

export async function loadReport(path: string): Promise<{ report: Report } | { problem: ReportProblem }> {
	const text = await readIfExists(path);
	if (text === undefined) return { problem: { kind: "missing", path } };
	const json = jsonOf(text);
	const { data } = Report.safeParse(json);
	if (data) return { report: data };
	const { schema } = Object(json);
	const isOther = typeof schema === "string" && schema !== reportSchema;
	return { problem: { kind: "unreadable", path, expected: reportSchema, ...(isOther && { schema }) } };
}

/** @returns undefined if there is no report, or if this version can't read it */
export async function readReport(path: string): Promise<Report | undefined> {
	const loaded = await loadReport(path);
	return "report" in loaded ? loaded.report : undefined;
}

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined; // A truncated file is like a missing one.
	}
}

/** The request's revision that identifies the report: a new id makes Pulumi verify again. */
const idName = "report";

/** The stack that was verified; undefined if the program didn't name it. */
export const stackOf = ({ revisions }: Pick<Request, "revisions">): string | undefined => revisions.stack?.toString();

/**
 * The revision of the stack's existing report or, to have a new one made, a new revision: if there is none, if it is
 * another stack's, or if its verification failed, during an update or by hand.
 */
export async function reportRevision(path: string, stack: string): Promise<Record<typeof idName | "stack", string>> {
	const report = await readReport(path);
	const id = report?.ok && stackOf(report.request) === stack ? report.request.revisions[idName] : undefined;
	return { [idName]: id === undefined ? randomBytes(4).toString("hex") : String(id), stack };
}
