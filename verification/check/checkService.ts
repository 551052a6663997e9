/** Checks that a NodePort answers, and diagnoses the Service if it doesn't. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterSource } from "../../kubernetes/source/clusterSource.ts";
import { NoService } from "../../kubernetes/source/serviceReading.ts";
import { poll } from "../../lib/poll.ts";
import { type Diagnosis, type DiagnosisInput, diagnose } from "../diagnosis/diagnosis.ts";
import { exampleClients } from "../diagnosis/prediction/predictedClients.ts";
import { hereAs } from "../diagnosis/probes/hereProber.ts";
import { measure } from "../diagnosis/probes/measureService.ts";
import { readListeners } from "../diagnosis/probes/readListeners.ts";
import { readDiagnosis } from "../diagnosis/readDiagnosis.ts";
import { readSettled } from "../diagnosis/settledReading.ts";
import { checkedRequests } from "./checkedRequests.ts";
import type { CheckedRequest, CheckRequest } from "./checkRequest.ts";

export interface Checked {
	ok: boolean;
	requests: CheckedRequest[];
	diagnosis: Diagnosis;
}

interface Pauses {
	/** Between two rounds of requests, in ms. */
	interval?: number;
	/** Before the rules are read again that a rollout may explain, in seconds. */
	settling?: number;
}

/**
 * Repeats the requests until all are answered, or the time is over.
 * @throws NoService; an error if the request doesn't fit the Service
 */
export async function checkService(
	source: ClusterSource,
	request: CheckRequest,
	{ interval = 2000, settling }: Pauses = {},
): Promise<Checked> {
	const deadline = Date.now() + request.waitSeconds * 1000;
	const read = async () => {
		const input = await readInTime(source, request, { deadline, interval });
		const requests = await checkedRequests(source, input, request);
		return { input, requests, ok: requests.length > 0 && requests.every(({ ok }) => ok) };
	};
	const last = await poll(read, { interval, seconds: request.waitSeconds, until: ({ ok }) => ok });
	const { requests, ok } = last;
	// A check runs while a cluster still follows the update.
	const input = await readSettled(source, request.service, settling, last.input);
	const probed = ok ? undefined : await measured(source, input, request);
	return { ok, requests, diagnosis: diagnose({ ...input, probed }) };
}

/** Reads again after an error, while there is time: the API server may restart during an update. */
async function readInTime(
	source: ClusterSource,
	request: CheckRequest,
	{ deadline, interval }: { deadline: number; interval: number },
): Promise<DiagnosisInput> {
	try {
		source.refresh?.();
		return await readDiagnosis(source, request.service);
	} catch (error) {
		if (error instanceof NoService || Date.now() >= deadline) throw error;
		await sleep(interval);
		return readInTime(source, request, { deadline, interval });
	}
}

/** What a diagnosis measures to find a cause outside the rules: a firewall in between, a process that doesn't listen. */
async function measured(
	source: ClusterSource,
	input: DiagnosisInput,
	{ from, addresses }: CheckRequest,
): Promise<DiagnosisInput["probed"]> {
	const { findings, gaps } = await readListeners(source, input);
	if (!from.includes("outside") || addresses !== undefined) return { measurements: [], findings, gaps };
	const sent = await measure(hereAs(exampleClients), input.views, input.rules);
	return {
		measurements: sent.measurements,
		findings: [...findings, ...sent.findings],
		gaps: [...gaps, ...sent.gaps],
	};
}
