/** The report on disk. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Report, reportSchema } from "./report.ts";
import type { Request } from "./request.ts";

/**
 * The whole report, in one piece or not at all; a verification keeps what experiments found before it on the same lab.
 * @returns the report as it is on disk
 */
export async function writeReport(report: Report): Promise<Report> {
	const { report: path } = report.request;
	const last = await readReport(path);
	const drawbacks = report.drawbacks ?? (last && isOfOneLab(last.request, report.request) ? last.drawbacks : undefined);
	const whole = { ...report, ...(drawbacks && { drawbacks }) };
	await writeWhole(path, `${JSON.stringify(whole, null, 1)}\n`);
	return whole;
}

/** Whether both are of the same stack and cluster: several stacks of a folder share its files. */
const isOfOneLab = (a: Request, b: Request): boolean =>
	stackOf(a) === stackOf(b) && a.kubeconfig === b.kubeconfig && a.context === b.context;

/** A file in one piece or not at all, whoever else writes it. */
export async function writeWhole(path: string, text: string): Promise<void> {
	const own = `${path}.${process.pid}.new`;
	await mkdir(dirname(path), { recursive: true });
	try {
		await writeFile(own, text);
		await rename(own, path);
	} catch (error) {
		await rm(own, { force: true });
		throw error;
	}
}

/** @returns undefined where there is none, or none that this version can read */
export async function readReport(path: string): Promise<Report | undefined> {
	const text = await textOf(path);
	return text === undefined ? undefined : Report.safeParse(jsonOf(text)).data;
}

/** @throws where there is none, or none that this version can read: what to do then */
export async function requireReport(path: string): Promise<Report> {
	const text = await textOf(path);
	if (text === undefined) throw new Error(`the lab was not verified yet (there is no ${path}); fix: npm start`);
	const json = jsonOf(text);
	const { success, data } = Report.safeParse(json);
	if (success) return data;
	const schema = Object(json).schema;
	const got = typeof schema === "string" && schema !== reportSchema ? `"${schema}"` : "something else";
	throw new Error(`${path}: must be a report of schema "${reportSchema}", got ${got}; fix: npm start`);
}

/** @returns undefined where there is no such file */
const textOf = (path: string): Promise<string | undefined> =>
	readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code !== "ENOENT") throw error;
		return undefined;
	});

function jsonOf(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined; // Something has cut it off: as good as none.
	}
}

/** What the verification of a stack is asked to keep in its report, so that a lost report shows. */
const idName = "report";

/** The stack that it was asked for; undefined where a program did not say. */
export const stackOf = ({ revisions }: Pick<Request, "revisions">): string | undefined => revisions.stack?.toString();

/**
 * Names the stack's report that is there, else a new one, to have a verification make it: where there is none, or another
 * stack's, or the last one failed, whether by an update or by hand.
 */
export async function reportRevision(path: string, stack: string): Promise<Record<typeof idName | "stack", string>> {
	const report = await readReport(path);
	const id = report?.ok && stackOf(report.request) === stack ? report.request.revisions[idName] : undefined;
	return { [idName]: id === undefined ? randomBytes(4).toString("hex") : String(id), stack };
}
