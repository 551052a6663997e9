/** The report on disk. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { writeAtomically } from "../lib/atomicFile.ts";
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

/** @returns undefined if there is no report, or if this version can't read it */
export async function readReport(path: string): Promise<Report | undefined> {
	const text = await textOf(path);
	return text === undefined ? undefined : Report.safeParse(jsonOf(text)).data;
}

/** @throws if there is no report, or if this version can't read it, with the fix */
export async function requireReport(path: string): Promise<Report> {
	const text = await textOf(path);
	if (text === undefined) throw new Error(`the lab isn't verified yet (${path} not found); fix: npm start`);
	const json = jsonOf(text);
	const { success, data } = Report.safeParse(json);
	if (success) return data;
	const schema = Object(json).schema;
	const got = typeof schema === "string" && schema !== reportSchema ? `"${schema}"` : "invalid content";
	throw new Error(`${path}: expected a report with schema "${reportSchema}", got ${got}; fix: npm start`);
}

/** @returns undefined if the file doesn't exist */
const textOf = (path: string): Promise<string | undefined> =>
	readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code !== "ENOENT") throw error;
		return undefined;
	});

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
