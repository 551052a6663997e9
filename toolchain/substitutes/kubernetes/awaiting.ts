/** Waiting until an object is ready, or deleted. */
import { poll } from "../../../lib/poll.ts";
import { isObject, objectAt, type Properties } from "../protocol/properties.ts";
import { type Cluster, isNotFound, type ObjectRef } from "./cluster.ts";
import { type Readiness, ready } from "./readiness.ts";

const interval = 500;
/** The image may be loading at the same time, and a registry may fail once. After this, it stays missing. */
const imageGraceMilliseconds = 20_000;
/** A busy control plane may not answer for a while; after this, it is gone. */
const silenceMilliseconds = 60_000;

export interface Waiting {
	/** Seconds. */
	timeout: number;
	/** Ends the wait, not the calls. */
	signal: AbortSignal;
	/** Gets what it waits for, then an empty text. */
	report: (message: string) => void;
}

export async function readinessOf(cluster: Cluster, ref: ObjectRef, live: Properties): Promise<Readiness> {
	if (!ref.kind.readiness) return ready;
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
		const reasons = [`can't read the object: ${(error as Error).message}`];
		return { live: known, ready: false, status: "", reasons, failed: isNotFound(error), silent: true };
	}
}

export interface Outcome {
	/** The object as last seen. */
	live: Properties;
	/** Why it isn't ready, as the official provider says it (await/error.go); empty if it is ready. */
	reasons: string[];
}

/** Doesn't throw: the object exists, so the engine must learn about it however the wait ends. */
export async function untilReady(
	cluster: Cluster,
	ref: ObjectRef,
	created: Properties,
	{ timeout, signal, report }: Waiting,
): Promise<Outcome> {
	let [answered, imagesComplete] = [Date.now(), Date.now()];
	let seen: Observation = { live: created, ready: false, status: "", reasons: [] };
	const isDecided = async () => {
		seen = await observe(cluster, ref, seen.live);
		report([seen.status, ...seen.reasons].filter(Boolean).join("; "));
		const now = Date.now();
		if (!seen.silent) answered = now;
		if (!seen.imageMissing) imagesComplete = now;
		const hopeless = now - imagesComplete > imageGraceMilliseconds || now - answered > silenceMilliseconds;
		return seen.ready || seen.failed === true || hopeless;
	};
	try {
		if (!(await poll(isDecided, { interval, seconds: timeout, signal }))) throw new Error("timed out");
		if (seen.ready) return { live: seen.live, reasons: [] };
		return { live: seen.live, reasons: [failedToInitialize(ref), ...seen.reasons] };
	} catch {
		const error = signal.aborted
			? `Resource operation was cancelled for "${ref.name}"`
			: `'${ref.name}' timed out waiting to be Ready`;
		return { live: seen.live, reasons: [error, ...seen.reasons] };
	}
}

export const failedToInitialize = ({ name }: ObjectRef): string =>
	`Resource '${name}' was created but failed to initialize`;

/** @throws if it still exists after the timeout, or if the wait is cancelled */
export async function untilGone(
	cluster: Cluster,
	ref: ObjectRef,
	uid: unknown,
	{ timeout, signal, report }: Waiting,
): Promise<void> {
	let holders = "";
	const isGone = async () => {
		const metadata = objectAt((await cluster.find(ref)) ?? {}, "metadata");
		// Another uid: someone has created another object with this name.
		if (metadata.uid !== uid) return true;
		holders = Array.isArray(metadata.finalizers) ? ` (finalizers: ${metadata.finalizers.join(", ")})` : "";
		report(`waiting for the deletion${holders}`);
		return false;
	};
	try {
		const isOver = await poll(isGone, { interval, seconds: timeout, signal });
		if (!isOver) throw new Error(`it still exists after ${timeout} s${holders}`);
		report("");
	} catch (error) {
		if (signal.aborted) throw new Error(`cancelled while waiting for the deletion${holders}`);
		throw error;
	}
}
