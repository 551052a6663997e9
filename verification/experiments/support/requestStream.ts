/** A steady stream of requests, and for how long they fail. */
import type { PlacedClient } from "../../../kubernetes/snapshot.ts";
import type { MeasuredValue } from "../model.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

/** A program is started for so many requests at a time. */
const burst = 20;
const perSecond = 10;

/** The time limit for one request: the kernel sends the first packet again after 1 and 3 seconds. */
const requestSeconds = 4;

export interface Sent {
	/** In seconds since the stream began. */
	at: number;
	/** How long it took. */
	seconds: number;
	isAnswered: boolean;
}

/** Sends requests one after the other until the stream is over, and at least one burst. */
export async function stream(
	snapshot: LabSnapshot,
	client: PlacedClient,
	to: string,
	isOver: () => boolean,
): Promise<Sent[]> {
	const began = performance.now();
	const sent: Sent[] = [];
	do {
		let at = (performance.now() - began) / 1000;
		const options = { perSecond, seconds: requestSeconds, failEarly: true };
		for (const { node, seconds } of await snapshot.sendMany(client, to, burst, options)) {
			sent.push({ at, seconds, isAnswered: node !== undefined });
			at += Math.max(seconds, 1 / perSecond);
		}
	} while (!isOver());
	return sent;
}

/** The outage that the client sees: from the first request that fails to the first answer after the last one that does. */
export function failingOf(sent: readonly Sent[]): Extract<MeasuredValue, { kind: "failing" }> {
	const failed = sent.filter(({ isAnswered }) => !isAnswered);
	const [first, last] = [failed[0], failed.at(-1)];
	const next = sent.find(({ at }) => last !== undefined && at > last.at) ?? last;
	const seconds = first && next ? next.at + next.seconds - first.at : 0;
	return { kind: "failing", seconds: Math.round(seconds * 10) / 10, failed: failed.length, requests: sent.length };
}
