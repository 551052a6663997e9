import type { Node } from "../../kubernetes/model.ts";
import type { Measurement } from "./model.ts";
import type { Experiment } from "./support/experiment.ts";
import type { LabSnapshot, Result } from "./support/labSnapshot.ts";
import { count, quantile, shares } from "./support/measurements.ts";

const requests = 1000;

export const secondHop: Experiment = {
	name: "second-hop",
	title: "A second hop",
	question: "How many requests cross from one node to another, and how much slower are they?",
	workers: 3,
	changes: ({ workers }) => [
		{ externalTrafficPolicy: "Cluster", replicas: 1 },
		{ externalTrafficPolicy: "Cluster", replicas: 3, echoNodes: workers.slice(0, 3).map(({ name }) => name) },
	],
	async measure(_, snapshot) {
		if (snapshot.objects.endpoints.length === 1) return latency(snapshot);
		const results = await snapshot.sendMany(snapshot.outside, snapshot.addressOf(snapshot.host), requests * 3);
		return [crossings(snapshot, snapshot.host, results)];
	},
};

/** The same pod, through its own node and through another, alternating so that both meet the same load. */
async function latency(snapshot: LabSnapshot): Promise<Measurement[]> {
	const own = snapshot.host;
	const other = snapshot.workers.find(({ name }) => name !== own.name);
	if (!other) throw new Error("the pod's node is the only worker");
	const direct: Result[] = [];
	const crossing: Result[] = [];
	for (let round = 0; round < 5; round++) {
		direct.push(...(await snapshot.sendMany(snapshot.outside, snapshot.addressOf(own), requests / 5)));
		crossing.push(...(await snapshot.sendMany(snapshot.outside, snapshot.addressOf(other), requests / 5)));
	}
	const latencyRatios = [50, 90, 99].map((percentile) => ({
		percentile,
		ratio: quantile(crossing.map(secondsOf), percentile) / quantile(direct.map(secondsOf), percentile),
	}));
	const crossed = crossings(snapshot, other, crossing);
	return [crossings(snapshot, own, direct), { ...crossed, measured: { ...crossed.measured, latencyRatios } }];
}

const secondsOf = ({ seconds }: Result): number => seconds;

/** The share of requests that crosses from the entry node to another one, by the probabilities of the rules. */
function crossings(snapshot: LabSnapshot, entry: Node, results: readonly Result[]) {
	const stays = (node: string | undefined) => (node === entry.name ? "sameNode" : "otherNode");
	const predicted = new Map<string, number>();
	for (const { probability, end } of snapshot.journey(snapshot.outside, snapshot.addressOf(entry))) {
		const name = end.kind === "pod" ? stays(end.node) : end.kind;
		predicted.set(name, (predicted.get(name) ?? 0) + probability);
	}
	const counted = count(results, ({ node }) => (node === undefined ? "unanswered" : stays(node)));
	const replicas = snapshot.objects.endpoints.length;
	const ownNode = replicas === 1 && entry.name === snapshot.host.name;
	return {
		...shares({ kind: "distribution", entries: [entry.name], replicas, ownNode }, predicted, counted),
		journey: snapshot.recordedJourney(snapshot.outside, snapshot.addressOf(entry)),
	};
}
