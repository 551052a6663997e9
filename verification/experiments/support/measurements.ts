/** Compares expectations with measurements. */
import { isDeepStrictEqual } from "node:util";
import type { Node } from "../../../kubernetes/model.ts";
import type { PlacedClient } from "../../../kubernetes/snapshot.ts";
import { poll } from "../../../lib/poll.ts";
import type { Observed } from "../../model.ts";
import type { MeasuredSubject, MeasuredValue, Measurement } from "../model.ts";
import type { Lab } from "./experiment.ts";
import type { LabSnapshot } from "./labSnapshot.ts";

type RequestSubject = Extract<MeasuredSubject, { kind: "request" }>;

/** Sends one request to an address, and compares its result with the one predicted from the rules. */
export async function measureRequest(
	snapshot: LabSnapshot,
	client: PlacedClient,
	node: Node,
	{ address = snapshot.addressOf(node), ...about }: Partial<RequestSubject> = {},
): Promise<Measurement & { observed: Observed }> {
	const predictions = snapshot.predict(client, address);
	const expected = distinct(predictions.map(resultOf));
	const observed = await snapshot.send(client, address);
	const measured = resultOf(observed);
	return {
		subject: { kind: "request", client: client.name, node: node.name, address, ...about },
		expected: { kind: "results", results: expected },
		measured: { kind: "results", results: [measured] },
		// "other" is a branch whose end isn't known: no result agrees with it.
		ok: isAmong(expected, measured) && predictions.every(({ outcome }) => outcome !== "other"),
		journey: snapshot.recordedJourney(client, address),
		observed,
	};
}

export type Result = Extract<MeasuredValue, { kind: "results" }>["results"][number];

/** Each result once. */
export const distinct = (results: readonly Result[]): Result[] => [
	...new Map(results.map((result) => [JSON.stringify(result), result])).values(),
];

export const isAmong = (expected: readonly Result[], result: Result): boolean =>
	expected.some((one) => isDeepStrictEqual(one, result));

/** What two results are compared by. */
export const resultOf = ({ outcome, podIp, node, clientIp }: Observed): Result =>
	outcome === "ok"
		? { outcome, ...(podIp && { podIp }), ...(node && { node }), ...(clientIp && { clientIp }) }
		: { outcome };

/** Reads a value once a second until it is the expected one. @returns the last value */
export const pollFor = <T>(lab: Lab, expected: T, seconds: number, read: () => Promise<T>): Promise<T> =>
	poll(read, { interval: 1000, seconds, signal: lab.signal, until: (value) => isDeepStrictEqual(value, expected) });

/** No answer is expected, and no refusal either. */
export function silence(observed: Observed): Omit<Measurement, "subject"> {
	// Some networks report that no host has the address, others report nothing.
	const isSilent = observed.outcome === "timeout" || /no route to host|host is unreachable/i.test(observed.body ?? "");
	const measured: MeasuredValue = isSilent ? { kind: "noAnswer" } : { kind: "results", results: [resultOf(observed)] };
	return { expected: { kind: "noAnswer" }, measured, ok: isSilent };
}

/** Both values must be equal. */
export const same = (subject: MeasuredSubject, expected: MeasuredValue, measured: MeasuredValue): Measurement => ({
	subject,
	expected,
	measured,
	ok: isDeepStrictEqual(expected, measured),
});

/** How far a counted share may be from its probability: four standard deviations. */
const tolerance = (probability: number, requests: number): number =>
	4 * Math.sqrt((probability * (1 - probability)) / requests);

/**
 * Compares how often each result occurred with its probability.
 * @param nodeOf the node of a pod's address
 */
export function shares(
	subject: MeasuredSubject,
	probabilities: ReadonlyMap<string, number>,
	counted: ReadonlyMap<string, number>,
	nodeOf: (name: string) => string | undefined = () => undefined,
): Measurement & { measured: Extract<MeasuredValue, { kind: "shares" }> } {
	const requests = [...counted.values()].reduce((sum, count) => sum + count, 0);
	const names = [...new Set([...probabilities.keys(), ...counted.keys()])];
	const measured = new Map(names.map((name) => [name, (counted.get(name) ?? 0) / requests]));
	const ok = names.every((name) => {
		const probability = probabilities.get(name) ?? 0;
		return Math.abs((measured.get(name) ?? 0) - probability) <= tolerance(probability, requests);
	});
	const list = (of: ReadonlyMap<string, number>) =>
		names.map((name) => {
			const node = nodeOf(name);
			return { of: name, ...(node && { node }), share: of.get(name) ?? 0 };
		});
	const kind = "shares" as const;
	return {
		subject,
		expected: { kind, shares: list(probabilities) },
		measured: { kind, shares: list(measured), requests },
		ok,
	};
}

/** How often each key occurs. */
export function count<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
	const counted = new Map<string, number>();
	for (const item of items) counted.set(key(item), (counted.get(key(item)) ?? 0) + 1);
	return counted;
}

/** The smallest value that is at least as large as so many percent of all; NaN without values. */
export function quantile(values: readonly number[], percentile: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percentile) / 100))] ?? Number.NaN;
}
