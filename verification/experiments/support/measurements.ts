/** Compares expectations with measurements. */
import { isDeepStrictEqual } from "node:util";
import type { PlacedClient } from "../../../kubernetes/snapshot.ts";
import { poll } from "../../../lib/poll.ts";
import type { Observed } from "../../model.ts";
import type { Measurement } from "../../report.ts";
import type { Lab } from "./experiment.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

/** Sends one request, and compares its result with the one predicted from the rules. */
export async function measureRequest(
	snapshot: LabSnapshot,
	client: PlacedClient,
	to: string,
	what: string,
): Promise<Measurement & { observed: Observed }> {
	const predictions = snapshot.predict(client, to);
	const expected = predictions.map(resultText);
	const observed = await snapshot.send(client, to);
	const measured = resultText(observed);
	return {
		what,
		expected: [...new Set(expected)].join(" or "),
		measured,
		// "other" is a branch whose end isn't known: no result agrees with it.
		ok: expected.includes(measured) && predictions.every(({ outcome }) => outcome !== "other"),
		journey: snapshot.recordedJourney(client, to),
		observed,
	};
}

/** "answered by 10.244.1.2 on nodeport-worker, which sees 172.18.0.3", "timeout" */
const resultText = ({ outcome, podIp, node, clientIp }: Observed): string =>
	outcome === "ok" ? `answered by ${podIp} on ${node}, which sees ${clientIp}` : outcome;

/** Reads a value once a second until it is the expected one. @returns the last value */
export const pollFor = <T>(lab: Lab, expected: T, seconds: number, read: () => Promise<T>): Promise<T> =>
	poll(read, { interval: 1000, seconds, signal: lab.signal, until: (value) => isDeepStrictEqual(value, expected) });

/** Both texts must be equal. */
export const same = (what: string, expected: string, measured: string): Measurement => ({
	what,
	expected,
	measured,
	ok: expected === measured,
});

/** How far a counted share may be from its probability: four standard deviations. */
const tolerance = (probability: number, requests: number): number =>
	4 * Math.sqrt((probability * (1 - probability)) / requests);

/** Compares how often each result occurred with its probability. */
export function shares(
	what: string,
	probabilities: ReadonlyMap<string, number>,
	counted: ReadonlyMap<string, number>,
): Measurement {
	const requests = [...counted.values()].reduce((sum, count) => sum + count, 0);
	const measured = new Map([...counted].map(([name, count]) => [name, count / requests]));
	const names = [...new Set([...probabilities.keys(), ...counted.keys()])];
	const ok = names.every((name) => {
		const probability = probabilities.get(name) ?? 0;
		return Math.abs((measured.get(name) ?? 0) - probability) <= tolerance(probability, requests);
	});
	const text = (of: ReadonlyMap<string, number>) =>
		names.map((name) => `${name} ${percent(of.get(name) ?? 0)}`).join(", ");
	return { what, expected: text(probabilities), measured: `${text(measured)} of ${requests} requests`, ok };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** How often each key occurs. */
export function count<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
	const counted = new Map<string, number>();
	for (const item of items) counted.set(key(item), (counted.get(key(item)) ?? 0) + 1);
	return counted;
}
