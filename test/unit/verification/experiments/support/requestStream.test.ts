import { expect, it } from "vitest";
import type { PlacedClient } from "../../../../../kubernetes/snapshot.ts";
import type { LabSnapshot, Result } from "../../../../../verification/experiments/support/labSnapshot.ts";
import { failingOf, type Sent, stream } from "../../../../../verification/experiments/support/requestStream.ts";

const client = { name: "outside" } as PlacedClient;

/** Sends bursts with these results. */
const labWith = (bursts: Result[][]) => ({ sendMany: async () => bursts.shift() ?? [] }) as unknown as LabSnapshot;

it("sends bursts until the stream is over, at most ten requests per second", async () => {
	const answered = { node: "worker", seconds: 0.01, connectSeconds: 0.01 };
	const bursts = [[answered, { seconds: 1, connectSeconds: 0 }, answered], [answered]];
	const sent = await stream(labWith(bursts), client, "172.18.0.3:30040", () => bursts.length === 0);
	expect(sent.map(({ isAnswered }) => isAnswered)).toEqual([true, false, true, true]);
	const [first = 0, second = 0, third = 0] = sent.map(({ at }) => at);
	expect(second - first).toBeCloseTo(0.1);
	expect(third - second).toBeCloseTo(1);
	expect(sent[1]?.seconds).toBe(1);
});

const sent = (...results: [at: number, seconds: number, isAnswered: boolean][]): Sent[] =>
	results.map(([at, seconds, isAnswered]) => ({ at, seconds, isAnswered }));

it.each<[string, Sent[], { seconds: number; failed: number; requests: number }]>([
	["nothing failed", sent([0, 0.1, true], [1, 0.1, true]), { seconds: 0, failed: 0, requests: 2 }],
	[
		"some failed, until the next one was answered",
		sent([0, 0.1, true], [0.5, 4, false], [4.5, 0.1, true], [5, 4, false], [9, 1.14, true], [11, 0.1, true]),
		{ seconds: 9.6, failed: 2, requests: 6 },
	],
	[
		"none was answered any more",
		sent([0, 0.1, true], [1, 2, false], [3, 4, false]),
		{ seconds: 6, failed: 2, requests: 3 },
	],
])("measures an outage: %s", (_, all, outage) => {
	expect(failingOf(all)).toEqual({ kind: "failing", ...outage });
});
