/** Waiting until an object is ready, or gone. */
import { setTimeout as sleep } from "node:timers/promises";
import { isObject, objectAt, type Properties } from "../protocol/properties.ts";
import { type Cluster, isNotFound, type ObjectRef } from "./cluster.ts";
import type { Readiness } from "./readiness.ts";

const pollMilliseconds = 500;
/** A load may be under way beside the wait; a registry may fail once. After this, a missing image stays missing. */
const imageGraceMilliseconds = 20_000;
/** A busy control plane may not answer for a while; one that is silent for longer is gone. */
const silenceMilliseconds = 60_000;

export interface Waiting {
	/** Seconds. */
	timeout: number;
	/** Ends the wait, not the calls: what the last one said still counts. */
	signal: AbortSignal;
	/** Gets what is waited for, and an empty text when nothing is any more. */
	report: (message: string) => void;
}

/** Looks once. */
export async function readinessOf(cluster: Cluster, ref: ObjectRef, live: Properties): Promise<Readiness> {
	if (!ref.kind.readiness) return { ready: true, reasons: [] };
	const { matchLabels } = objectAt(objectAt(live, "spec"), "selector");
	const pods = isObject(matchLabels) ? await cluster.pods(ref.namespace, matchLabels) : [];
	return ref.kind.readiness(live as never, pods);
}

interface Observation extends Readiness {
	/** The object as last seen. */
	live: Properties;
	/** No API server answered. */
	silent?: boolean;
}

async function observe(cluster: Cluster, ref: ObjectRef, known: Properties): Promise<Observation> {
	try {
		const live = await cluster.get(ref);
		return { live, ...(await readinessOf(cluster, ref, live)) };
	} catch (error) {
		const reasons = [`cannot read its state: ${(error as Error).message}`];
		return { live: known, ready: false, reasons, failed: isNotFound(error), silent: true };
	}
}

/**
 * Never throws: the object exists, so whatever happens to the wait, the engine must learn about the object.
 * @returns the object as last seen and why it is not ready: without reasons, it is
 */
export async function untilReady(
	cluster: Cluster,
	ref: ObjectRef,
	created: Properties,
	{ timeout, signal, report }: Waiting,
): Promise<{ live: Properties; reasons: string[] }> {
	const started = Date.now();
	let [answered, imagesComplete] = [started, started];
	for (let live = created; ; await sleep(pollMilliseconds)) {
		const seen = await observe(cluster, ref, live);
		live = seen.live;
		report(seen.reasons.join("; "));
		if (seen.ready) return { live, reasons: [] };
		const now = Date.now();
		if (!seen.silent) answered = now;
		if (!seen.imageMissing) imagesComplete = now;
		const hopeless = now - imagesComplete > imageGraceMilliseconds || now - answered > silenceMilliseconds;
		if (seen.failed || hopeless) return { live, reasons: seen.reasons };
		if (now - started > timeout * 1000) return { live, reasons: [`not ready after ${timeout} s`, ...seen.reasons] };
		if (signal.aborted) return { live, reasons: ["cancelled while waiting", ...seen.reasons] };
	}
}

/** @throws when it is still there after the time, or when the wait is ended */
export async function untilGone(
	cluster: Cluster,
	ref: ObjectRef,
	uid: unknown,
	{ timeout, signal, report }: Waiting,
): Promise<void> {
	const started = Date.now();
	for (;;) {
		const metadata = objectAt((await cluster.find(ref)) ?? {}, "metadata");
		// Another uid: somebody has made a new object of this name already.
		if (metadata.uid !== uid) return report("");
		const holders = Array.isArray(metadata.finalizers) ? ` (finalizers: ${metadata.finalizers.join(", ")})` : "";
		report(`waiting for the deletion${holders}`);
		if (Date.now() - started > timeout * 1000) throw new Error(`still there after ${timeout} s${holders}`);
		if (signal.aborted) throw new Error(`cancelled while waiting for the deletion${holders}`);
		await sleep(pollMilliseconds);
	}
}
