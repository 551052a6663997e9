/** Verifies, and collects evidence of a failure, so that its cause can be found later or elsewhere. */
import { dirname, join } from "node:path";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import type { Say } from "../progress.ts";
import type { Report } from "../report.ts";
import type { Request } from "../request.ts";
import { writeReport } from "../resultFile.ts";
import { verify } from "../verifyService.ts";
import { Collection } from "./collection.ts";
import { folderName, removeOldest, writeFolder } from "./folder.ts";
import { gather, type ReportTexts } from "./gather.ts";

/** The time limit for collecting evidence. */
const collectionSeconds = 15;

/**
 * Writes the report; if it has findings, also a folder of evidence next to it, which the report names.
 * @param texts how to write the report as text
 * @throws if the verification itself fails; the message names the folder of evidence, if there is one
 */
export async function verifyWithEvidence(request: Request, say: Say, texts: ReportTexts): Promise<Report> {
	const cluster = new Cluster(request);
	const report = await verify(cluster, request, say).catch(async (error: Error) => {
		const evidence = await keepEvidence(cluster, request, error, say, texts);
		throw evidence === undefined ? error : new Error(`${error.message} (evidence: ${evidence})`, { cause: error });
	});
	const written = await writeReport(report);
	const evidence = report.ok ? undefined : await keepEvidence(cluster, request, report, say, texts);
	return evidence === undefined ? written : writeReport({ ...written, evidence });
}

/**
 * Never rejects, because the failure itself matters more.
 * @param failure the report or, if the verification itself failed, the error
 * @returns the folder; undefined if nothing could be collected or written
 */
async function keepEvidence(
	cluster: Cluster,
	request: Request,
	failure: Report | Error,
	say: Say,
	texts: ReportTexts,
): Promise<string | undefined> {
	say({ kind: "collectingEvidence", seconds: collectionSeconds });
	try {
		const time = new Date();
		const collection = new Collection(collectionSeconds);
		const report = failure instanceof Error ? undefined : failure;
		await gather(collection, cluster, request, report, texts);
		const { files, missing, secondsPassed } = collection;
		if (files.length === 0) throw new Error("nothing in the cluster can be read");
		const parent = dirname(request.report);
		const folder = join(parent, folderName(time));
		const reasons = report ? texts.findings(report) : [(failure as Error).message];
		await writeFolder(folder, introduction(request, reasons, time), collection);
		say({ kind: "evidence", files: files.length, seconds: secondsPassed, missing: missing.length });
		await removeOldest(parent).catch(({ message }: Error) => say({ kind: "oldEvidenceRemains", message }));
		return folder;
	} catch (error) {
		say({ kind: "noEvidence", message: error instanceof Error ? error.message : String(error) });
	}
}

const introduction = ({ service }: Request, reasons: string[], time: Date): string =>
	[
		`Evidence of a failed verification of Service ${service.namespace}/${service.name}, collected at ${time.toISOString()}.`,
		"Keys, certificates, tokens and passwords are removed where their format is recognized. Secrets aren't read.",
		"",
		"Findings:",
		...reasons,
	].join("\n");
