/** A verification that leaves evidence where it fails: enough to find out why, later or elsewhere. */
import { dirname, join } from "node:path";
import { Cluster } from "../../kubernetes/liveCluster.ts";
import type { Report } from "../report.ts";
import type { Request } from "../request.ts";
import { writeReport } from "../resultFile.ts";
import type { Say } from "../settle.ts";
import { verify } from "../verify.ts";
import { Collection } from "./collection.ts";
import { folderName, removeOldest, writeFolder } from "./folder.ts";
import { gather } from "./gather.ts";

/** Longest time for gathering. */
const gatheringSeconds = 15;

/**
 * Verifies, with the report on disk. Where something is not as it must be, a folder of evidence is beside it, which the
 * report names; its `index.txt` says what is in it.
 * @throws where the verification could not be made; the message names the folder, if anything could be gathered
 */
export async function verifyWithEvidence(request: Request, say: Say): Promise<Report> {
	const cluster = new Cluster(request);
	const report = await verify(cluster, request, say).catch(async (error: Error) => {
		const evidence = await keepEvidence(cluster, request, error, say);
		throw evidence === undefined ? error : new Error(`${error.message} (evidence: ${evidence})`, { cause: error });
	});
	const written = await writeReport(report);
	const evidence = report.ok ? undefined : await keepEvidence(cluster, request, report, say);
	return evidence === undefined ? written : writeReport({ ...written, evidence });
}

/**
 * Never rejects, as the failure itself matters more.
 * @param failure what the verification found or, where it could not be made, why
 * @returns the folder; undefined where there is none, as nothing could be gathered or written
 */
async function keepEvidence(
	cluster: Cluster,
	request: Request,
	failure: Report | Error,
	say: Say,
): Promise<string | undefined> {
	say(`gathering evidence, for at most ${gatheringSeconds} s`);
	try {
		const time = new Date();
		const collection = new Collection(gatheringSeconds);
		const report = failure instanceof Error ? undefined : failure;
		await gather(collection, cluster, request, report);
		const { files, missing, secondsPassed } = collection;
		if (files.length === 0) throw new Error("nothing of the cluster can be read");
		const parent = dirname(request.report);
		const folder = join(parent, folderName(time));
		await writeFolder(folder, headOf(request, failure, time), collection);
		say(`evidence: ${files.length} files in ${secondsPassed.toFixed(1)} s, ${missing.length} could not be had`);
		await removeOldest(parent).catch((error: Error) => say(`older evidence stays: ${error.message}`));
		return folder;
	} catch (error) {
		say(`no evidence could be kept: ${error instanceof Error ? error.message : error}`);
	}
}

function headOf({ service }: Request, failure: Report | Error, time: Date): string {
	const failures = failure instanceof Error ? [failure.message] : failure.failures;
	return [
		`Evidence of a verification of the Service ${service.namespace}/${service.name} that failed, gathered at ${time.toISOString()}.`,
		"Keys, certificates, tokens and passwords are left out as far as their shape tells; no Secret is read.",
		"",
		"Why it failed:",
		...failures,
	].join("\n");
}
